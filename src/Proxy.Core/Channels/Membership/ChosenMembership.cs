using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels.Membership;

/// <summary>
/// The membership provider that the configuration names: a built-in one, or one added in code. An edit can change it. When a provider fails
/// or ends, the group is joined again; until then the members stay as they are and count as stale.
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

    /// <summary>Joins the group with the first configuration.</summary>
    public async Task StartAsync(MemberRecord self, MembershipConfig config)
    {
        _self = self;
        hello.Join(self);
        await ApplyAsync(config);
        _running = RunAsync(_ending.Token);
    }

    /// <summary>Applies an edited configuration. Not thread-safe: one caller at a time.</summary>
    public async Task ApplyAsync(MembershipConfig config)
    {
        var provider = providers.LastOrDefault(one => one.Name.Equals(config.Provider, StringComparison.OrdinalIgnoreCase));
        if (provider is null && config.Is(MembershipProviders.Engine))
        {
            Log.NoEngine(logger); // added by an edit, or missing in code; the members stay those of before
            return;
        }

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
        await hello.ApplyAsync(provider is null ? config : new MembershipConfig());
    }

    /// <inheritdoc />
    public async Task PublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        await hello.PublishAsync(self, cancellationToken); // members query each other's hello stream, whichever provider is configured
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

    /// <summary>Leaves the group.</summary>
    public async Task LeaveAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
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
                // The hello membership sends no complete set after a switch. The empty one makes members that it does not find count as
                // lost, and the guard decides what that means.
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

    /// <summary>Runs one session to its end. Heard says whether it delivered any update, Reason why it ended.</summary>
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

    /// <summary>Sets the session on which changes of this instance are published; returns the current record of the instance.</summary>
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
        [LoggerMessage(
            LogLevel.Warning,
            "The membership provider '{Provider}' has failed, so members may be out of date until the group is joined again, which is retried: {Reason}"
        )]
        public static partial void Lost(ILogger logger, string provider, string reason);

        [LoggerMessage(
            LogLevel.Error,
            "The membership provider 'Engine' needs the section Engine at the start of the program, and AddEtcdEngine in an application: until the next start the members are those of before."
        )]
        public static partial void NoEngine(ILogger logger);

        [LoggerMessage(
            LogLevel.Warning,
            "A change of this instance was not published, so other members see its old state until the next publication: {Reason}"
        )]
        public static partial void NotPublished(ILogger logger, string reason);
    }
}
