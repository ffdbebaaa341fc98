using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels.Membership;

/// <summary>
/// The membership that the configuration names: the built-in one, or a provider added in code. An edit changes it; one that fails or
/// ends is joined again, and its members stay as they are meanwhile, stale.
/// </summary>
internal sealed partial class ChosenMembership(
    HelloMembership hello,
    IEnumerable<IMembershipProvider> providers,
    TimeProvider time,
    ILogger logger
) : IMembershipSession
{
    private const int MostWaiting = 256;
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly Channel<MembershipUpdate> _updates = Channel.CreateBounded<MembershipUpdate>(MostWaiting);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new(); // guards _self, _session, _provider and _replaced
    private MemberRecord? _self;
    private ProviderSession? _session;
    private IMembershipProvider? _provider;
    private CancellationTokenSource _replaced = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Joins, and follows its first configuration.</summary>
    public async Task StartAsync(MemberRecord self, MembershipConfig config)
    {
        _self = self;
        hello.Join(self);
        await UseAsync(config);
        _running = RunAsync(_ending.Token);
    }

    /// <summary>Follows an edit. One caller at a time.</summary>
    public async Task UseAsync(MembershipConfig config)
    {
        var provider = providers.LastOrDefault(one => one.Name.Equals(config.Provider, StringComparison.OrdinalIgnoreCase));
        CancellationTokenSource? over = null;
        lock (_gate)
        {
            if (provider != _provider)
            {
                (over, _replaced) = (_replaced, new CancellationTokenSource());
                _provider = provider;
            }
        }

        await (over?.CancelAsync() ?? Task.CompletedTask);
        await hello.UseAsync(provider is null ? config : new MembershipConfig());
    }

    /// <inheritdoc />
    public async Task PublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        await hello.PublishAsync(self, cancellationToken); // members ask each other, whatever the provider
        ProviderSession? session;
        lock (_gate)
        {
            (_self, session) = (self, _session);
        }

        if (session is not null)
        {
            await PublishAsync(session, self, cancellationToken);
        }
    }

    /// <inheritdoc />
    public IAsyncEnumerable<MembershipUpdate> ReadAsync(CancellationToken cancellationToken) =>
        _updates.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _replaced.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var first = true; !cancellationToken.IsCancellationRequested; first = false)
        {
            var (provider, replaced) = Chosen();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, replaced);
            if (provider is null && !first)
            {
                // It tells no whole set: a member that it does not find is lost, and the guard decides what that means.
                await _updates.Writer.WriteAsync(new MembershipUpdate.Full(0, []), cancellationToken);
            }

            await FollowAsync(provider, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private (IMembershipProvider? Provider, CancellationToken Replaced) Chosen()
    {
        lock (_gate)
        {
            return (_provider, _replaced.Token);
        }
    }

    private async Task FollowAsync(IMembershipProvider? provider, CancellationToken cancellationToken)
    {
        if (provider is null)
        {
            await foreach (var update in hello.ReadAsync(cancellationToken))
            {
                await _updates.Writer.WriteAsync(update, cancellationToken);
            }

            return;
        }

        var backoff = new Backoff(time, _firstPause, _longestPause);
        while (!cancellationToken.IsCancellationRequested)
        {
            var (heard, reason) = await ListenAsync(provider, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            Log.Lost(logger, provider.Name, reason);
            await _updates.Writer.WriteAsync(new MembershipUpdate.Stale(), cancellationToken);
            if (heard)
            {
                backoff.Reset();
            }

            await Task.Delay(backoff.Fail(), time, cancellationToken);
        }
    }

    /// <summary>One session to its end: whether it said anything, and why it ended.</summary>
    private async Task<(bool Heard, string Reason)> ListenAsync(IMembershipProvider provider, CancellationToken cancellationToken)
    {
        var heard = false;
        try
        {
            await using var session = new ProviderSession(provider, time);
            var self = _self!;
            await session.JoinAsync(self, cancellationToken);
            if (Attach(session) is { } newer && !newer.Equals(self))
            {
                await PublishAsync(session, newer, cancellationToken);
            }

            await foreach (var update in session.ReadAsync(cancellationToken))
            {
                heard = true;
                await _updates.Writer.WriteAsync(update, cancellationToken);
            }

            return (heard, "its stream has ended");
        }
        catch (Exception exception)
        {
            return (heard, exception.Message);
        }
        finally
        {
            Attach(null);
        }
    }

    private async Task PublishAsync(ProviderSession session, MemberRecord self, CancellationToken cancellationToken)
    {
        if (await session.TryPublishAsync(self, cancellationToken) is { } reason)
        {
            Log.NotPublished(logger, reason);
        }
    }

    /// <summary>Sets the session on which changes of this instance are published; the instance as it is now.</summary>
    private MemberRecord? Attach(ProviderSession? session)
    {
        lock (_gate)
        {
            _session = session;
            return _self;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The membership provider '{Provider}' is away and joined again: {Reason}")]
        public static partial void Lost(ILogger logger, string provider, string reason);

        [LoggerMessage(LogLevel.Warning, "What changed of this instance was not published: {Reason}")]
        public static partial void NotPublished(ILogger logger, string reason);
    }
}
