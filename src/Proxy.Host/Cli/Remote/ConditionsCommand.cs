using System.CommandLine;
using Proxy.Conditions;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy conditions</c>: lists what is wrong with a running host, since when and why.</summary>
internal static class ConditionsCommand
{
    private static readonly Option<string?> _kind = new("--kind")
    {
        Description = "Lists only conditions of this kind, such as Route, Destination or Lock.",
        CompletionSources = { Enum.GetNames<ConditionKind>() },
    };
    private static readonly Option<string?> _id = new("--id")
    {
        Description =
            "Lists only conditions of what has this id, such as a route's id or CLUSTER/DESTINATION, also if nothing is wrong with it.",
    };
    private static readonly Option<string?> _level = Level();
    private static readonly Option<bool> _all = new("--all") { Description = "Lists what has nothing wrong, too." };

    public static Command Create() =>
        RemoteCommand.Create(
            "conditions",
            "Lists what is degraded or down at a running host, since when and why, the worst first.",
            RunAsync,
            _kind,
            _id,
            _level,
            _all
        );

    private static Option<string?> Level()
    {
        var option = new Option<string?>("--level") { Description = "Lists only conditions with this level: down, degraded or ok." };
        option.AcceptOnlyFromAmong("down", "degraded", "ok");
        return option;
    }

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var (kind, id, level, all) = (parsed.GetValue(_kind), parsed.GetValue(_id), parsed.GetValue(_level), parsed.GetValue(_all));
        var health = await host.GetAsync<ConditionsAnswer>(Query(kind, id, level, all), cancellationToken);
        if (health.Conditions.Count == 0 && id is not null)
        {
            await CheckAsync(host, kind, id, cancellationToken);
        }

        var none = kind is null && id is null && level is null ? "Nothing is known to be wrong." : "No such condition.";
        printer.Print(
            health,
            writer =>
            {
                printer.WriteTable(writer, health.Conditions, none, HostColumns.Conditions);
                writer.WriteLine($"{health.Conditions.Count} shown; {HealthText.Counts(health)} in all.");
            }
        );
        return ExitCode.Ok;
    }

    // Sections of the configuration and endpoints are listed only while something is wrong with them, and so are units, of which their device is known, and
    // limits, of which their route is.
    private static async Task CheckAsync(AdminClient host, string? kind, string id, CancellationToken cancellationToken)
    {
        if (Is(kind, ConditionKind.Configuration) || Is(kind, ConditionKind.Endpoint))
        {
            return;
        }

        var health = await host.GetAsync<ConditionsAnswer>(Query(null, null, null, all: true), cancellationToken);
        var known = health.Conditions.Where(one => kind is null || Is(kind, one.Kind)).Select(static one => one.Id);
        var owners = health.Conditions.Where(one =>
            (one.Kind == ConditionKind.Device && (kind is null || Is(kind, ConditionKind.Unit)))
            || (one.Kind == ConditionKind.Route && Is(kind, ConditionKind.Limit))
        );
        if (
            !known.Contains(id, StringComparer.OrdinalIgnoreCase)
            && !owners.Any(owner => id.StartsWith($"{owner.Id}/", StringComparison.OrdinalIgnoreCase))
        )
        {
            throw KnownNames.Unknown(
                host,
                kind?.ToLowerInvariant() ?? "id",
                id,
                [.. known.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)]
            );
        }
    }

    private static bool Is(string? kind, ConditionKind other) => other.ToString().Equals(kind, StringComparison.OrdinalIgnoreCase);

    private static string Query(string? kind, string? id, string? level, bool all)
    {
        var pairs = new (string Name, string? Value)[] { ("kind", kind), ("id", id), ("level", level), ("all", all ? "true" : null) }
            .Where(static pair => pair.Value is not null)
            .Select(static pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}");
        return $"api/conditions?{string.Join('&', pairs)}";
    }
}
