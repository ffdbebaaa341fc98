using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// Knows whether local servers are ready. Those with Ready Tcp are probed: one success makes a channel ready, three failures in a row make
/// it not ready. Those with OnDial are judged by the connections made to them for tunnels.
/// </summary>
internal sealed partial class ReadyProbe(CurrentChannels channels, ThisInstance instance, TimeProvider time, ILogger<ReadyProbe> logger)
{
    private const int Failures = 3;
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, int> _failed = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, long> _probed = new(StringComparer.OrdinalIgnoreCase);
    private readonly DialResults _dials = new(time);

    private readonly ConcurrentDictionary<string, FailureRun> _runs = new(StringComparer.OrdinalIgnoreCase);

    // Channels for which the log has a warning already.
    private readonly HashSet<string> _impossible = new(StringComparer.OrdinalIgnoreCase);
    private ImmutableHashSet<string> _ready = ImmutableHashSet.Create<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a channel's server is ready.</summary>
    public bool IsReady(string name, ChannelConfig channel) =>
        channel.Ready switch
        {
            ReadyCheck.None => true,
            ReadyCheck.OnDial => !_dials.IsWithdrawn(name),
            _ => Volatile.Read(ref _ready).Contains(name),
        };

    /// <summary>Records whether the server of a channel could be connected for a tunnel.</summary>
    public void Dialed(string name, bool succeeded)
    {
        Record(name, succeeded);
        if (
            channels.Config.Items.GetValueOrDefault(name) is { Ready: ReadyCheck.OnDial } channel
            && _dials.Note(name, succeeded, channel.ReadyInterval)
        )
        {
            channels.Changed.Set();
        }
    }

    /// <summary>The attempts in a row that could not connect the server of a channel; null if the last one could, or there was none.</summary>
    public Failures? FailuresOf(string name) => _runs.GetValueOrDefault(name)?.Current;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (
                var (name, channel) in channels.Config.Items.Where(static pair => pair.Value is { Serves: true, Ready: ReadyCheck.Tcp })
            )
            {
                if (Left(name, channel) <= TimeSpan.Zero)
                {
                    Note(name, await LookAsync(name, channel, cancellationToken));
                    _probed[name] = time.GetTimestamp();
                }
            }

            if (_dials.Readmit())
            {
                channels.Changed.Set();
            }

            await Task.Delay(NextWait(), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// The time until the next probe. A server that is not ready, or has just failed, is probed more often, which disturbs no client.
    /// </summary>
    private TimeSpan Left(string name, ChannelConfig channel)
    {
        if (!_probed.TryGetValue(name, out var at))
        {
            return TimeSpan.Zero;
        }

        var isWell = _ready.Contains(name) && _failed.GetValueOrDefault(name) == 0;
        var interval = isWell || channel.ReadyInterval < _longestWait ? channel.ReadyInterval : _longestWait;
        return interval - time.GetElapsedTime(at);
    }

    // At least every second, since an edit may bring channels.
    private TimeSpan NextWait() =>
        channels
            .Config.Items.Where(static pair => pair.Value is { Serves: true, Ready: ReadyCheck.Tcp })
            .Select(pair => Left(pair.Key, pair.Value))
            .Select(static left => left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1))
            .Append(_longestWait)
            .Min();

    // A failure to try at all, such as a lack of descriptors, counts as a failure of the server: tunnels could not be connected to it either.
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

    private void Record(string name, bool succeeded)
    {
        if (succeeded)
        {
            _runs.GetValueOrDefault(name)?.Succeeded();
        }
        else
        {
            _runs.GetOrAdd(name, static (_, time) => new(time), time).Failed("the local server does not accept connections");
        }
    }

    private void Note(string name, bool accepts)
    {
        Record(name, accepts);
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
        // All ports that are listed must accept; of a range one is enough, since the server may use any of them.
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

    // In real time even if the clock is a test's: connecting takes real time.
    private static async Task<bool> AcceptsAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        Resources.OfProcess.BeforeDial();
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
            return false; // it does not accept, or not yet
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Channel {Channel}: its local server could not be probed, which counts as a failure; the probe is repeated."
        )]
        public static partial void Impossible(ILogger logger, string channel, Exception exception);
    }
}
