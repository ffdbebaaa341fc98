using Proxy.Revisions;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Describes the state of the host in one line.</summary>
internal static class ServiceStatus
{
    public static string Describe(ProxyState status)
    {
        var running = $"Configuration {status.Running?.Id} runs, {status.Bound.Count} addresses";
        return status switch
        {
            { Rejected: [var first, ..] rejected } => $"{running}; an edit was rejected ({rejected.Count} errors): {first}",
            { Pending: { } reason } => $"{running}; an edit waits: {reason}",
            { RestartNeeded: [_, ..] sections } => $"{running}; a restart is needed for {string.Join(", ", sections)}",
            _ => $"{running}.",
        };
    }
}
