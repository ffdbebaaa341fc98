using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Listeners;
using Proxy.Locking;
using Proxy.Timing;

namespace Proxy;

/// <summary>
/// The one owner of the running revision: reads edits, applies them in two phases, keeps the last good one, and drains at the end.
/// </summary>
internal sealed partial class RevisionOwner(
    ConfigurationInput input,
    RevisionReader reader,
    YarpConfigProvider yarp,
    Lazy<Revision> initial,
    ListenerManager listeners,
    RevisionPipelines pipelines,
    Drainer drainer,
    LockRegistry locks,
    ChannelRunner channels,
    ProxyStatus status,
    ProxyMetrics metrics,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<RevisionOwner> logger
) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan _lastEnds = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _yarpDeadline = TimeSpan.FromSeconds(30);

    private static readonly string[] _atStart =
    [
        "Kestrel",
        "Admin",
        "Channels:Group",
        "Channels:Instance",
        "Channels:Tunnel",
        "Channels:Loopback",
        "Transport",
        "Demo",
    ];

    // Edits are level-triggered: one waiting signal stands for any number of them.
    private readonly Channel<bool> _edits = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeSpan _shutdownTimeout = host.Value.ShutdownTimeout;
    private long _read; // edits before the last reading; a signal may be for members that came and went
    private IDisposable? _watching;
    private Revision? _waiting; // the last valid one, while it waits for an address
    private Task _following = Task.CompletedTask;
    private Task _draining = Task.CompletedTask;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var revision = initial.Value;
        _ = yarp.GetConfig();
        await CommitAsync(revision, await listeners.BindAsync(Specs(revision), cancellationToken));
        await channels.StartAsync(cancellationToken);
        metrics.Reloaded("accepted");
        _watching = ChangeToken.OnChange(input.Configuration.GetReloadToken, SignalEdit);
        SignalEdit(); // an edit made since the first reading fired no token that was watched
        _following = Task.WhenAll(FollowAsync(_stopping.Token), FollowMembersAsync(_stopping.Token));
    }

    /// <inheritdoc />
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        status.DrainingSince = time.GetUtcNow();
        _watching?.Dispose();
        await _stopping.CancelAsync();
        await _following;
        if (status.Running is { } running)
        {
            await Task.Delay(running.Config.ShutdownDelay, time, CancellationToken.None);
            await listeners.StopAsync();
            _draining = Task.WhenAll(drainer.DrainAllAsync(running), channels.StopAsync());
            status.Drains(_draining);
        }
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _draining.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A hook that takes longer than a stop may keeps its client's connection here; it is ended now.
        }

        await locks.StopAsync(cancellationToken);
        await _draining.WaitAsync(_lastEnds, time, CancellationToken.None);
    }

    /// <inheritdoc />
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose()
    {
        _watching?.Dispose();
        _stopping.Dispose();
    }

    private void SignalEdit()
    {
        status.EditNoticed();
        _edits.Writer.TryWrite(true);
    }

    private async Task FollowMembersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in channels.Monitor.WatchNoticesAsync(0, cancellationToken))
            {
                _edits.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var retry = new Backoff(time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        while (!cancellationToken.IsCancellationRequested)
        {
            var edits = 0L;
            try
            {
                if (!await WaitAsync(retry.Length, cancellationToken))
                {
                    retry.Reset(); // what is new supersedes what failed
                }

                edits = status.Edits;
                if (edits != _read)
                {
                    _read = edits;
                    Read();
                }

                var pending = await TryApplyAsync(cancellationToken);
                retry.Note(pending | !await TryRefreshAsync());
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                metrics.Reloaded("rejected");
                status.Rejected = [new("", SecretMask.Apply(exception.Message))];
                Log.Failed(logger, exception);
                retry.Note(failed: true); // the members may have changed besides
            }
            finally
            {
                status.Settled(edits);
            }
        }
    }

    /// <summary>Waits for an edit, for members that came and went, or for the time to try again; true for that.</summary>
    private async Task<bool> WaitAsync(TimeSpan retry, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = retry > TimeSpan.Zero ? new CancellationTokenSource(retry, time) : null;
        using var registration = timer?.Token.Register(limit.Cancel);
        try
        {
            await _edits.Reader.ReadAsync(limit.Token);
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <summary>Gives YARP the members there are now; false when it did not take them.</summary>
    private async Task<bool> TryRefreshAsync()
    {
        try
        {
            await yarp.RefreshAsync(status.Running!, _yarpDeadline, time);
            return true;
        }
        catch (Exception exception)
        {
            Log.NotRefreshed(logger, exception);
            return false;
        }
    }

    /// <summary>Reads what is configured now. An invalid text changes nothing: what waited before it, waits on.</summary>
    private void Read()
    {
        var result = reader.Read(input.Configuration, input.WholeDocument);
        if (result.Revision is { } revision)
        {
            status.Rejected = [];
            Wait(revision.Id == status.Running!.Id ? null : revision);
        }
        else
        {
            Reject(result.Errors);
        }
    }

    /// <summary>Applies the revision that waits; true when it goes on waiting for an address.</summary>
    private async Task<bool> TryApplyAsync(CancellationToken cancellationToken)
    {
        if (_waiting is not { } revision)
        {
            return false;
        }

        try
        {
            var bound = await listeners.BindAsync(Specs(revision), cancellationToken);
            await ApplyAsync(revision, bound);
            return false;
        }
        catch (BindException exception)
        {
            if (status.Pending != exception.Message)
            {
                metrics.Reloaded("pending");
                Log.Pending(logger, revision.Id, exception.Message);
            }

            status.Pending = exception.Message;
            return true;
        }
        catch
        {
            // Another try would end the same way.
            Wait(null);
            throw;
        }
    }

    private void Wait(Revision? revision)
    {
        _waiting = revision;
        status.Pending = revision is null ? null : status.Pending;
    }

    private async Task ApplyAsync(Revision revision, BoundListeners bound)
    {
        try
        {
            await yarp.ApplyAsync(revision, _yarpDeadline, time);
        }
        catch
        {
            await ListenerManager.DiscardAsync(bound);
            throw;
        }

        var previous = status.Running!;
        await CommitAsync(revision, bound);
        await channels.UseAsync(revision.Config.Channels);
        drainer.DrainRemoved(previous, () => status.Running!);
        Wait(null);
        metrics.Reloaded("accepted");
        Log.Applied(logger, revision.Id);
    }

    private Task CommitAsync(Revision revision, BoundListeners bound)
    {
        var byKey = pipelines.Build(revision);
        listeners.Commit(bound, key => byKey[key]);
        status.Bound = listeners.Bound;
        status.RestartNeeded = RestartNeeded(revision);
        status.AppliedAt = time.GetUtcNow();
        Announce(revision);
        metrics.Configure(RevisionLabels.Routes(revision), RevisionLabels.Others(revision));
        host.Value.ShutdownTimeout = TimeSpan.FromTicks(Math.Max(_shutdownTimeout.Ticks, Drainer.ShutdownTime(revision).Ticks));
        foreach (var problem in revision.Warnings)
        {
            Log.Suspicious(logger, problem);
        }

        foreach (var section in status.RestartNeeded)
        {
            Log.NeedsRestart(logger, section);
        }

        return Task.CompletedTask;
    }

    // Whoever follows it is told at once, and may fail; what runs is decided.
    private void Announce(Revision revision)
    {
        try
        {
            status.Running = revision;
        }
        catch (AggregateException exception)
        {
            Log.NotFollowed(logger, exception);
        }
    }

    private void Reject(IReadOnlyList<ConfigProblem> errors)
    {
        metrics.Reloaded("rejected");
        status.Rejected = errors;
        foreach (var problem in errors)
        {
            Log.Rejected(logger, problem);
        }
    }

    private List<string> RestartNeeded(Revision revision) =>
        [.. _atStart.Where(section => !Flat(initial.Value.Snapshot, section).SequenceEqual(Flat(revision.Snapshot, section)))];

    private static IEnumerable<KeyValuePair<string, string?>> Flat(IConfiguration snapshot, string section) =>
        snapshot.GetSection(section).AsEnumerable().OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase);

    private static List<ListenerSpec> Specs(Revision revision) =>
        [.. revision.Bindings.Select(static binding => new ListenerSpec(binding.Slot, EndPoint(binding)))];

    private static ListenEndPoint EndPoint(EndpointBinding binding)
    {
        EndPoint address = binding.Address is { UnixPath: { } path }
            ? new System.Net.Sockets.UnixDomainSocketEndPoint(path)
            : new IPEndPoint(binding.Address.Address!, binding.Address.Port);
        return new(address, binding.Backlog, binding.Address.IsAny) { InOrder = binding.InOrder };
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Something that follows the configuration has failed; the configuration runs.")]
        public static partial void NotFollowed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Information, "Configuration {Revision} is applied.")]
        public static partial void Applied(ILogger logger, string revision);

        [LoggerMessage(LogLevel.Error, "Configuration rejected, the last good one runs on: {Problem}")]
        public static partial void Rejected(ILogger logger, ConfigProblem problem);

        [LoggerMessage(LogLevel.Warning, "Configuration {Revision} waits and is retried: {Reason}")]
        public static partial void Pending(ILogger logger, string revision, string reason);

        [LoggerMessage(LogLevel.Warning, "{Problem}")]
        public static partial void Suspicious(ILogger logger, ConfigProblem problem);

        [LoggerMessage(LogLevel.Warning, "The section {Section} was edited; it applies at the next start.")]
        public static partial void NeedsRestart(ILogger logger, string section);

        [LoggerMessage(LogLevel.Error, "The members of connectors were not taken as destinations; it is tried again.")]
        public static partial void NotRefreshed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Error, "Applying the configuration failed, the last good one runs on.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
