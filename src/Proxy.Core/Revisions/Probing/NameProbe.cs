using System.Net;
using System.Net.Sockets;
using Proxy.Clusters.Services;
using Proxy.Configuration;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions.Probing;

/// <summary>Resolves the names of destinations and members, each name once.</summary>
internal static class NameProbe
{
    private const int AtOnce = 16;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(ProxyConfig config, ProblemList problems, CancellationToken cancellationToken)
    {
        var names = Names(config).ToLookup(static pair => pair.Name, static pair => pair.Path, StringComparer.OrdinalIgnoreCase);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            names,
            options,
            async (name, token) =>
            {
                if (await RefusalAsync(name.Key, token) is { } reason)
                {
                    Report(name, reason, problems);
                }
            }
        );
    }

    private static void Report(IGrouping<string, string> name, string reason, ProblemList problems)
    {
        lock (problems)
        {
            foreach (var path in name)
            {
                problems.Error(path, $"'{name.Key}' cannot be resolved: {reason}");
            }
        }
    }

    private static IEnumerable<(string Path, string Name)> Names(ProxyConfig config)
    {
        var destinations =
            from cluster in config.ReverseProxy.Clusters
            from destination in cluster.Value.Destinations
            let name = Host(destination.Value.Address)
            where name is not null
            select ($"ReverseProxy:Clusters:{cluster.Key}:Destinations:{destination.Key}:Address", name);
        var membership = config.Channels?.Membership;
        var members =
            from member in membership?.Members ?? new Dictionary<string, ChannelMemberConfig>()
            let name = HostAndPort.TryParse(member.Value.Address, out var address) ? address.Host : null
            where name is not null
            select ($"Channels:Membership:Members:{member.Key}:Address", name);
        var registry = membership?.Dns?.Name is { Length: > 0 } dns
            ? [("Channels:Membership:Dns:Name", dns)]
            : Array.Empty<(string, string)>();
        return destinations.Concat(members).Concat(registry).Where(static pair => !IPAddress.TryParse(pair.Item2, out _));
    }

    private static string? Host(string address) =>
        SrvAddress.Is(address) ? address
        : DestinationAddress.TryParseRange(address, out var tcp, out _) ? tcp.Host
        : Uri.TryCreate(address, UriKind.Absolute, out var http) && http.Host.Length > 0 ? http.Host
        : null;

    private static async Task<string?> RefusalAsync(string name, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_limit, TimeProvider.System);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            if (SrvAddress.TryParse(name, out var service, out _))
            {
                var answer = await new SrvLookup().AskAsync(service, limit.Token);
                return answer.Records.Count > 0 ? null : "the service says that it has no server.";
            }

            var found = await Dns.GetHostAddressesAsync(name, limit.Token);
            return found.Length > 0 ? null : "it has no address.";
        }
        catch (SocketException exception)
        {
            return $"{exception.Message}.";
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {_limit.TotalSeconds:0} s.";
        }
    }
}
