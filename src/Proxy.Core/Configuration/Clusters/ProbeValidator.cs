using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Clusters;

/// <summary>Checks what a cluster says about the health of TCP destinations.</summary>
internal static class ProbeValidator
{
    private static readonly TcpClusterConfig _defaults = new();

    /// <param name="cluster">The cluster.</param>
    /// <param name="path">Its path.</param>
    /// <param name="whyHttp">Why its destinations are reached by HTTP; null if they are not.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ClusterSection cluster, string path, string? whyHttp, ProblemList problems)
    {
        var tcp = cluster.Tcp;
        var isChecked = cluster.HealthCheck?.Active?.Enabled is true;
        if (tcp.Probe is { } probe)
        {
            CheckBytes(probe.Send, $"{path}:Tcp:Probe:Send", problems);
            CheckBytes(probe.Expect, $"{path}:Tcp:Probe:Expect", problems);
            if (probe is { Send: null, Expect: null, MinimumBytes: 0 })
            {
                problems.Consequence(
                    $"{path}:Tcp:Probe",
                    "says nothing; write Send, Expect or MinimumBytes, or leave it out.",
                    $"{path}:Tcp:Probe"
                );
            }

            if (whyHttp is not null)
            {
                problems.Consequence(
                    $"{path}:Tcp:Probe",
                    $"is for tcp:// and unix: destinations, and {whyHttp}; use HealthCheck:Active:Path.",
                    $"{path}:Destinations",
                    $"{path}:Connector"
                );
            }
        }

        if (!isChecked)
        {
            WarnAboutUnused(tcp.Probe is not null, "Probe");
            WarnAboutUnused(tcp.Rise != _defaults.Rise, "Rise");
            WarnAboutUnused(tcp.Fall != _defaults.Fall, "Fall");
        }

        if (!isChecked && cluster.HealthCheck?.Passive?.Enabled is not true)
        {
            WarnAboutNoHealth(tcp.CloseOnUnhealthy, "CloseOnUnhealthy");
            WarnAboutNoHealth(tcp.SlowStart > TimeSpan.Zero, "SlowStart");
        }

        if (tcp.CloseOnUnhealthy && cluster.Multiplex is not null)
        {
            problems.Consequence(
                $"{path}:Tcp:CloseOnUnhealthy",
                "is for modes with a connection for each client; sessions of Multiplex reconnect by themselves, so leave it out.",
                $"{path}:Multiplex"
            );
        }

        void WarnAboutUnused(bool isSet, string key)
        {
            if (isSet)
            {
                problems.Warn($"{path}:Tcp:{key}", "is for active checks, which are off; set HealthCheck:Active:Enabled, or leave it out.");
            }
        }

        void WarnAboutNoHealth(bool isSet, string key)
        {
            if (isSet)
            {
                problems.Warn(
                    $"{path}:Tcp:{key}",
                    "no destination is ever unhealthy without checks; set HealthCheck:Active:Enabled or HealthCheck:Passive:Enabled, or leave it out."
                );
            }
        }
    }

    private static void CheckBytes(string? text, string path, ProblemList problems)
    {
        if (text is not null && !ByteText.TryParse(text, out _, out var error))
        {
            problems.Error(path, error ?? "is wrong.");
        }
    }
}
