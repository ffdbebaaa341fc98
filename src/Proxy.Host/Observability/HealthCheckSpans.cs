using System.Diagnostics;
using OpenTelemetry;

namespace Proxy.Host.Observability;

/// <summary>
/// Drops the spans of YARP's active health checks and those below them: a check per destination every few seconds would bury the traces of clients. It has
/// to be added before what exports.
/// </summary>
internal sealed class HealthCheckSpans : BaseProcessor<Activity>
{
    private const string Source = "Yarp.ReverseProxy";
    private const string Checks = "proxy.cluster_health_checks";
    private const string Check = "proxy.destination_health_check";

    public override void OnStart(Activity data)
    {
        for (var span = data; span is not null; span = span.Parent)
        {
            if (span.OperationName is Checks or Check && span.Source.Name == Source)
            {
                data.IsAllDataRequested = false;
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
                return;
            }
        }
    }
}
