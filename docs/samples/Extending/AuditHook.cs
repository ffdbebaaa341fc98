using Proxy.Hooks;

namespace Extending;

/// <summary>Notes which client got the place at a destination, and when it was free again.</summary>
internal sealed class AuditHook(ILogger<AuditHook> logger) : IProxyHook
{
    public string Name => "audit";

    public ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        logger.LogInformation("{Event} {Activation} of route {Route}.", hookEvent.Name, hookEvent.Activation, hookEvent.Route);
        return ValueTask.CompletedTask;
    }
}
