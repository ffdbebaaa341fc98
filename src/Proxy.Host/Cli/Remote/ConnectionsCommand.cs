using System.CommandLine;
using System.Globalization;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy connections</c>: lists the open connections of a running host.</summary>
internal static class ConnectionsCommand
{
    private const int PageSize = 1000;

    private static readonly Option<string?>[] _filters =
    [
        new("--route") { Description = "Lists only connections of this route." },
        new("--endpoint") { Description = "Lists only connections that this endpoint accepted." },
        new("--cluster") { Description = "Lists only connections to this cluster." },
        new("--destination") { Description = "Lists only connections to this destination." },
        new("--client") { Description = "Lists only connections from this address or network, such as 10.0.0.0/8." },
    ];
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
        return RemoteCommand.Create("connections", "Lists open connections of a running host.", RunAsync, [.. _filters, _sort, _limit]);
    }

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var table = new TextTable("ID", "AGE", "PHASE", "ROUTE", "DESTINATION", "CLIENT", "IN", "OUT");
        var wanted = Math.Max(1, parsed.GetValue(_limit));
        var shown = 0;
        string? cursor = null;
        ConnectionPage page;
        do
        {
            page = await host.GetAsync<ConnectionPage>(Query(parsed, Math.Min(PageSize, wanted - shown), cursor), cancellationToken);
            foreach (var connection in page.Items)
            {
                Add(table, connection);
            }

            shown += page.Items.Count;
            cursor = page.Next;
        } while (cursor is not null && shown < wanted);
        table.WriteTo(output);
        await output.WriteLineAsync($"{shown} of {page.Matching} shown, {page.Open} open.");
        return ExitCode.Ok;
    }

    private static string Query(ParseResult parsed, int limit, string? cursor)
    {
        var pairs = _filters
            .Select(option => (Name: option.Name.TrimStart('-'), Value: parsed.GetValue(option)))
            .Append((Name: "sort", Value: parsed.GetValue(_sort)))
            .Append((Name: "limit", Value: limit.ToString(CultureInfo.InvariantCulture)))
            .Append((Name: "after", Value: cursor))
            .Where(static pair => pair.Value is not null)
            .Select(static pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}");
        return $"api/connections?{string.Join('&', pairs)}";
    }

    private static void Add(TextTable table, ConnectionAnswer connection) =>
        table.Add(
            connection.Id,
            Amounts.Time(connection.Age),
            connection.Phase.ToString(),
            connection.Route ?? "",
            connection.Destination is null ? "" : $"{connection.Cluster}/{connection.Destination}",
            connection.Client ?? "",
            Amounts.Bytes(connection.BytesIn),
            Amounts.Bytes(connection.BytesOut)
        );
}
