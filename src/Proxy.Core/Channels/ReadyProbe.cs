using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>Looks whether local servers accept connections: one success makes a channel ready, three failures unmake it.</summary>
internal sealed partial class ReadyProbe(CurrentChannels channels, ThisInstance instance, TimeProvider time, ILogger<ReadyProbe> logger)
{
    private const int Failures = 3;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, int> _failed = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _impossible = new(StringComparer.OrdinalIgnoreCase); // those of which the log says that they cannot be tried
    private ImmutableHashSet<string> _ready = ImmutableHashSet.Create<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a channel's server is ready.</summary>
    public bool IsReady(string name, ChannelConfig channel) => channel.Ready == ReadyCheck.None || Volatile.Read(ref _ready).Contains(name);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (
                var (name, channel) in channels.Config.Items.Where(static pair => pair.Value is { Serves: true, Ready: ReadyCheck.Tcp })
            )
            {
                Note(name, await LookAsync(name, channel, cancellationToken));
            }

            await Task.Delay(_interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Without a descriptor for a socket, say, it cannot be tried: nor could it be reached then.
    private async Task<bool> LookAsync(string name, ChannelConfig channel, CancellationToken cancellationToken)
    {
        try
        {
            var accepts = await AcceptsAsync(instance.BindIp, channel, cancellationToken);
            _impossible.Remove(name);
            return accepts;
        }
        catch (Exception exception)
        {
            if (_impossible.Add(name))
            {
                Log.Impossible(logger, name, exception);
            }

            return false;
        }
    }

    private void Note(string name, bool accepts)
    {
        var failed = _failed[name] = accepts ? 0 : _failed.GetValueOrDefault(name) + 1;
        var before = _ready;
        var after =
            accepts ? before.Add(name)
            : failed >= Failures ? before.Remove(name)
            : before;
        if (after != before)
        {
            Volatile.Write(ref _ready, after);
            channels.Changed.Set();
        }
    }

    private static async Task<bool> AcceptsAsync(IPAddress address, ChannelConfig channel, CancellationToken cancellationToken)
    {
        // A server needs the ports that are named, and takes from a range what it likes.
        var isRange = channel.Port is null && channel.Ports is null;
        foreach (var port in channel.AllPorts)
        {
            if (await AcceptsAsync(new IPEndPoint(address, port), cancellationToken) == isRange)
            {
                return isRange;
            }
        }

        return !isRange;
    }

    // In real time, whatever the clock: a connection attempt takes that.
    private static async Task<bool> AcceptsAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var late = new CancellationTokenSource(_limit, TimeProvider.System);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await socket.ConnectAsync(address, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false; // or not yet
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Channel {Channel}: whether its server accepts connections cannot be tried; it is tried again.")]
        public static partial void Impossible(ILogger logger, string channel, Exception exception);
    }
}
