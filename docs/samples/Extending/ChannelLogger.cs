using Proxy.Channels.Monitoring;

namespace Extending;

/// <summary>Writes to the log what becomes of the channels.</summary>
internal sealed class ChannelLogger(IChannelMonitor monitor, ILogger<ChannelLogger> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        monitor.Ready += (_, ready) => logger.LogInformation("Local servers listen on {Address}.", ready.BindIp);
        monitor.Error += (_, error) => logger.LogWarning("{Message}", error.Message);
        await foreach (var state in monitor.WatchAsync(stoppingToken))
        {
            var members = string.Join(", ", state.Members.Select(static member => $"{member.Iid} {member.State}"));
            logger.LogInformation(
                "Channel {Channel} at {Address}:{Port} has members: {Members}.",
                state.Channel,
                state.Ip,
                state.Port,
                members
            );
        }
    }
}
