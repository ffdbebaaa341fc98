using System.CommandLine;
using System.Globalization;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy connections</c>: lists the open connections of a running host.</summary>
internal static class ConnectionsCommand
{
    private const int PageSize = 1000;

    private static readonly Option<string?>[] _names =
    [
        new("--route") { Description = "Lists only connections of this route." },
        new("--endpoint") { Description = "Lists only connections that this endpoint accepted." },
        new("--cluster") { Description = "Lists only connections to this cluster." },
        new("--destination") { Description = "Lists only connections to this destination." },
    ];
    private static readonly Option<string?> _client = new("--client")
    {
        Description = "Lists only connections from this address or network, such as 10.0.0.0/8.",
    };
    private static readonly Option<string> _sort = new("--sort")
    {
        Description = "The order: age (oldest first), bytes (most first) or id.",
        DefaultValueFactory = static _ => "age",
    };
    private static readonly Option<int> _limit = new("--limit")
    {
        Description = "The maximum number of connections to list.",
        DefaultValueFactory = static _ => 100,
    };

    public static Command Create()
    {
        _sort.AcceptOnlyFromAmong("age", "bytes", "id");
        return RemoteCommand.Create(
            "connections",
            "Lists open connections of a running host.",
            RunAsync,
            [.. _names, _client, _sort, _limit]
        );
    }

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var wanted = Math.Max(1, parsed.GetValue(_limit));
        var shown = new List<ConnectionAnswer>();
        string? cursor = null;
        ConnectionPage page;
        do
        {
            page = await host.GetAsync<ConnectionPage>(Query(parsed, Math.Min(PageSize, wanted - shown.Count), cursor), cancellationToken);
            shown.AddRange(page.Items);
            cursor = page.Next;
        } while (cursor is not null && shown.Count < wanted);
        if (page.Matching == 0)
        {
            await KnownNames.CheckAsync(host, [.. _names.Select(option => (option.Name, parsed.GetValue(option)))], cancellationToken);
        }

        printer.Print(page with { Items = shown }, writer => WriteTable(printer, writer, page, shown));
        return ExitCode.Ok;
    }

    private static void WriteTable(Printer printer, TextWriter writer, ConnectionPage page, List<ConnectionAnswer> shown)
    {
        printer.WriteTable(
            writer,
            shown,
            "No connection.",
            new("ID", static one => one.Id),
            new("AGE", static one => Amounts.Time(one.Age)),
            new("PHASE", static one => one.Phase.ToString()),
            new("ROUTE", static one => one.Route),
            new("DESTINATION", static one => one.Destination is null ? "" : $"{one.Cluster}/{one.Destination}"),
            new("CLIENT", static one => one.Client),
            new("IN", static one => Amounts.Bytes(one.BytesIn)),
            new("OUT", static one => Amounts.Bytes(one.BytesOut)),
            new("ENDPOINT", static one => one.Endpoint) { IsWide = true },
            new("LOCAL", static one => one.Local) { IsWide = true },
            new("SERVER NAME", static one => one.ServerName) { IsWide = true },
            new("TLS", static one => one.Tls?.Version) { IsWide = true },
            new("CLIENT SUBJECT", static one => one.Tls?.Subject) { IsWide = true },
            new("UPSTREAM TLS", static one => one.UpstreamTls?.Version) { IsWide = true },
            new("QUEUED", static one => Amounts.Time(one.Queued)) { IsWide = true },
            new("CONNECTING", static one => Amounts.Time(one.Connecting)) { IsWide = true },
            new("CONNECTED", static one => Amounts.Time(one.Connected)) { IsWide = true }
        );
        writer.WriteLine($"{shown.Count} of {page.Matching} shown, {page.Open} open.");
    }

    private static string Query(ParseResult parsed, int limit, string? cursor)
    {
        var pairs = _names
            .Append(_client)
            .Select(option => (Name: option.Name.TrimStart('-'), Value: parsed.GetValue(option)))
            .Append((Name: "sort", Value: parsed.GetValue(_sort)))
            .Append((Name: "limit", Value: limit.ToString(CultureInfo.InvariantCulture)))
            .Append((Name: "after", Value: cursor))
            .Where(static pair => pair.Value is not null)
            .Select(static pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}");
        return $"api/connections?{string.Join('&', pairs)}";
    }
}
