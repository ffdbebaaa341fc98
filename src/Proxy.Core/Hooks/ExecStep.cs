using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks;

/// <summary>Runs a program, and kills it when its time is over. Exit code 0 is success.</summary>
internal sealed class ExecStep(IReadOnlyList<string> command, SecretValues secrets, TimeProvider time, ILogger<ExecStep> logger) : IHookStep
{
    private readonly ProgramRunner _program = new(command, secrets, time, logger);

    public string Text => _program.Text;

    public ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        var payload = HookPayload.Of(hookEvent);
        return _program.RunAsync($"Route {hookEvent.Route}", payload.ToEnvironment(), payload.ToJson(), cancellationToken);
    }
}
