using Proxy.Conditions;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>What is wrong with a running host, as <c>proxy status --check</c> prints it.</summary>
/// <param name="Status">As in <c>/api/status</c>.</param>
/// <param name="Health">As in <c>/api/conditions</c>.</param>
internal sealed record StatusCheck(StatusAnswer Status, ConditionsAnswer Health) : IStatusText
{
    public static async Task<StatusCheck> ReadAsync(AdminClient host, CancellationToken cancellationToken) =>
        new(
            await host.GetAsync<StatusAnswer>("api/status", cancellationToken),
            await host.GetAsync<ConditionsAnswer>("api/conditions", cancellationToken)
        );

    public void WriteTo(TextWriter writer, Printer printer) =>
        HealthText.WriteConditions(writer, printer, Health, Status.StartedAt + Status.Uptime);

    public int ToExitCode() =>
        Health.Level == ConditionLevel.Down ? ExitCode.Down
        : Status.Ready ? ExitCode.Ok
        : ExitCode.Failed;
}
