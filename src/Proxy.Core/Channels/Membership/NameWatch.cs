using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>Resolves a host name periodically, and reports its addresses or that there was no answer.</summary>
internal sealed partial class NameWatch : IAsyncDisposable
{
    /// <summary>The number of addresses that are used at most: each one costs every instance a stream.</summary>
    public const int MaxAddresses = 256;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    private readonly NameLookup _lookup;
    private readonly Func<IReadOnlyList<string>, CancellationToken, Task> _found;
    private readonly Action _notFound;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;
    private string? _trouble;

    public NameWatch(
        DnsMembershipConfig config,
        NameLookup lookup,
        Func<IReadOnlyList<string>, CancellationToken, Task> found,
        Action notFound,
        TimeProvider time,
        ILogger logger
    )
    {
        Config = config;
        (_lookup, _found, _notFound, _time, _logger) = (lookup, found, notFound, time, logger);
        _running = RunAsync(_ending.Token);
    }

    public DnsMembershipConfig Config { get; }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await LookUpAsync(cancellationToken);
            await Task.Delay(Config.Refresh, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await _lookup(Config.Name).WaitAsync(_limit, _time, cancellationToken);
            Note(
                addresses.Length > MaxAddresses
                    ? $"it has {addresses.Length} addresses, of which only the first {MaxAddresses} are used"
                    : null
            );
            var ordered = addresses.Select(address => new IPEndPoint(address, Config.Port).ToString()).Order(StringComparer.Ordinal);
            await _found([.. ordered.Distinct().Take(MaxAddresses)], cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            Note(exception.Message);
            _notFound();
        }
    }

    private void Note(string? trouble)
    {
        if (trouble is not null && trouble != _trouble)
        {
            Log.Trouble(_logger, Config.Name, trouble);
        }

        _trouble = trouble;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Looking up members as '{Name}' has a problem and is repeated: {Reason}")]
        public static partial void Trouble(ILogger logger, string name, string reason);
    }
}
