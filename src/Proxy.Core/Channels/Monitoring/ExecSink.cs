using System.Globalization;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Hooks;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Runs a program for each notification, with JSON on standard input and the same values as environment variables; exit code 0
/// acknowledges.
/// </summary>
internal sealed class ExecSink(ChannelExecConfig config, SecretValues secrets, TimeProvider time, ILogger logger) : INotificationSink
{
    private const int LongestVariable = 64 * 1024; // below the 128 KiB that Linux allows

    private readonly ProgramRunner _program = new(config.Command, secrets, time, logger);

    public string Text => _program.Text;

    public async Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var subject = notice.State is { } state ? $"Channel {state.Channel}" : "Channels";
        try
        {
            return await _program.RunAsync(subject, Environment(notice), notice.ToJson(), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"did not end within {config.Timeout}";
        }
    }

    // Absent values are set to empty, so that the program does not inherit a variable of the same name.
    private static Dictionary<string, string> Environment(ChannelNotice notice)
    {
        var state = notice.State;
        var members = string.Join(' ', (state?.Members ?? []).Select(static member => $"{member.Iid}={member.Ip}:{Number(member.Port)}"));
        return new()
        {
            ["CHANNEL_EVENT"] = notice.EventName,
            ["CHANNEL_VERSION"] = notice.Version.ToString(CultureInfo.InvariantCulture),
            ["CHANNEL_BOOT"] = notice.Boot,
            ["CHANNEL_BIND_IP"] = notice.BindIp,
            ["CHANNEL_NAME"] = state?.Channel ?? "",
            ["CHANNEL_CONNECTOR"] = state?.Connector ?? "",
            ["CHANNEL_TYPE"] = state?.Type ?? "",
            ["CHANNEL_LISTENING"] = state is null ? "" : Flag(state.Listening),
            ["CHANNEL_STALE"] = state is null ? "" : Flag(state.Stale),
            ["CHANNEL_IP"] = state?.Ip ?? "",
            ["CHANNEL_PORT"] = state is null ? "" : Number(state.Port),
            // A list that is too long for a variable is only in the JSON; the count tells it from an empty one.
            ["CHANNEL_MEMBER_COUNT"] = state is null ? "" : Number(state.Members.Count),
            ["CHANNEL_MEMBERS"] = members.Length <= LongestVariable ? members : "",
        };
    }

    private static string Flag(bool value) => value ? "1" : "0";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
