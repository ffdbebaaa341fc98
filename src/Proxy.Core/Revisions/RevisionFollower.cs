using System.Threading.Channels;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Proxy.Channels.Monitoring;
using Proxy.Clusters.Services;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Listeners;
using Proxy.Routes;
using Proxy.Timing;

namespace Proxy.Revisions;

/// <summary>Follows edits: reads the configuration, and has it applied, rejected, or postponed and tried again.</summary>
internal sealed partial class RevisionFollower(
    ConfigInput input,
    RevisionReader reader,
    RevisionApplier applier,
    IChannelMonitor members,
    ServiceDirectory services,
    ProxyStatus status,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<RevisionFollower> logger
) : IDisposable
{
    // One waiting signal stands for any number of edits.
    private readonly Channel<bool> _edits = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly CancellationTokenSource _stopping = new();
    private long _read; // the edits before the last reading; a signal without new ones means that members or servers have changed
    private IDisposable? _watching;
    private Revision? _waiting; // the last valid revision, while it waits for an address
    private Task _following = Task.CompletedTask;

    /// <summary>Starts to follow, when the first revision runs.</summary>
    public void Start()
    {
        metrics.Reloaded("accepted");
        NoteVersions(status.Current.Running!);
        services.Changed += OnServersChanged;
        _watching = ChangeToken.OnChange(input.Configuration.GetReloadToken, SignalEdit);
        SignalEdit(); // an edit since the first reading signaled no token that was watched
        _following = Task.WhenAll(FollowAsync(_stopping.Token), FollowMembersAsync(_stopping.Token));
    }

    /// <summary>Stops to follow: what is being read is given up at once, what is being applied as soon as that can be undone.</summary>
    public async Task StopAsync()
    {
        services.Changed -= OnServersChanged;
        _watching?.Dispose();
        await _stopping.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a stop goes on even if following has failed
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _watching?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Describes why a valid revision could not be applied.</summary>
    public ConfigProblem Explain(Exception exception)
    {
        var problems = new ProblemList(input.Configuration, ProxyDocument.Shape(input.WholeDocument));
        problems.Error(exception is ApplyException { Path: var path } ? path : "", $"cannot be applied: {exception.Message}");
        return problems.Errors[0];
    }

    private void SignalEdit()
    {
        status.EditNoticed();
        _edits.Writer.TryWrite(true);
    }

    private void OnServersChanged(object? sender, EventArgs e) => _edits.Writer.TryWrite(true);

    private async Task FollowMembersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in members.WatchNoticesAsync(0, cancellationToken))
            {
                _edits.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host is stopping.
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
                    retry.Reset(); // a newer revision replaces the failed one
                }

                edits = status.Edits;
                if (edits != _read)
                {
                    _read = edits;
                    await ReadAsync(cancellationToken);
                }

                var pending = await TryApplyAsync(cancellationToken);
                retry.Note(pending | !await applier.TryRefreshAsync(cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Wait(null); // another attempt would fail in the same way
                var problem = Explain(exception);
                Reject([problem]);
                Log.Failed(logger, problem, exception);
                retry.Note(failed: true); // besides the revision, the members may have changed
            }
            finally
            {
                status.Settled(edits);
            }
        }
    }

    /// <summary>Waits for an edit, a change of members, or the time for the next attempt; true when that time has come.</summary>
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

    /// <summary>Reads the configuration. An invalid one changes nothing; a revision that waited before goes on waiting.</summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        NoteReplaced();
        var result = await ReadInBackgroundAsync(cancellationToken);
        var running = status.Current.Running!;
        IReadOnlyList<ConfigProblem> errors = [.. result.Errors, .. LastRoutes.Check(running, result.Revision, input)];
        if (errors.Count == 0)
        {
            status.Update(static state => state with { Rejected = [], RejectedAt = null });
            var isSame = result.Revision!.Id == running.Id; // also where only comments or white space were edited
            Wait(isSame ? null : result.Revision);
            if (isSame)
            {
                NoteVersions(result.Revision);
            }

            return;
        }

        Reject(errors);
        foreach (var problem in errors)
        {
            Log.Rejected(logger, problem);
        }
    }

    private void NoteReplaced()
    {
        IReadOnlyList<string> replaced =
        [
            .. Documents().OfType<JsonFileProvider>().Where(static file => file.IsReplaced).Select(static file => file.File),
        ];
        foreach (var file in replaced.Except(status.Current.ReplacedFiles))
        {
            Log.Replaced(logger, file);
        }

        var now = time.GetUtcNow();
        status.Update(state =>
            state with
            {
                ReplacedFiles = replaced,
                ReplacedSince = replaced.Count > 0 ? state.ReplacedSince ?? now : null,
            }
        );
    }

    // A large configuration takes long to read. A stop does not even wait until the reader notices the token.
    private async Task<ReadResult> ReadInBackgroundAsync(CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow();
        status.Update(state => state with { ReadingSince = since });
        try
        {
            var reading = Task.Run(() => reader.Read(input.Configuration, input.WholeDocument, cancellationToken), cancellationToken);
            return await reading.WaitAsync(cancellationToken);
        }
        finally
        {
            status.Update(static state => state with { ReadingSince = null });
        }
    }

    /// <summary>Applies the waiting revision; true if it has to go on waiting for an address.</summary>
    private async Task<bool> TryApplyAsync(CancellationToken cancellationToken)
    {
        if (_waiting is not { } revision)
        {
            return false;
        }

        try
        {
            await applier.ApplyAsync(revision, cancellationToken);
        }
        catch (BindException exception)
        {
            if (status.Current.Pending != exception.Message)
            {
                metrics.Reloaded("pending");
                Log.Pending(logger, revision.Id, exception.Message);
            }

            var now = time.GetUtcNow();
            status.Update(state =>
                state with
                {
                    Pending = exception.Message,
                    PendingKey = exception.Key,
                    PendingSince = state.PendingSince ?? now,
                }
            );
            return true;
        }

        Wait(null);
        metrics.Reloaded("accepted");
        Log.Applied(logger, revision.Id);
        NoteVersions(revision);
        return false;
    }

    private void NoteVersions(Revision revision)
    {
        status.Update(state => state with { Versions = revision.Versions });
        foreach (var document in Documents())
        {
            if (revision.Versions.TryGetValue(document.Name, out var version))
            {
                document.Runs(version);
            }
        }
    }

    private IEnumerable<DocumentProvider> Documents() =>
        input.Configuration is IConfigurationRoot root ? ConfigTree.Flatten(root).OfType<DocumentProvider>() : [];

    private void Wait(Revision? revision)
    {
        _waiting = revision;
        if (revision is null)
        {
            status.Update(static state => state with { Pending = null, PendingKey = null, PendingSince = null });
        }
    }

    private void Reject(IReadOnlyList<ConfigProblem> problems)
    {
        metrics.Reloaded("rejected");
        var now = time.GetUtcNow();
        status.Update(state => state with { Rejected = problems, RejectedAt = state.RejectedAt ?? now });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Configuration {Revision} is applied.")]
        public static partial void Applied(ILogger logger, string revision);

        [LoggerMessage(
            LogLevel.Warning,
            "{File} was replaced at the host, and its bind mount keeps the old file: edits do not arrive. Mount its folder instead, or edit the file in place, and start the container again."
        )]
        public static partial void Replaced(ILogger logger, string file);

        [LoggerMessage(
            LogLevel.Error,
            "The configuration is rejected, and the last valid one stays in use until the problem is corrected: {Problem}"
        )]
        public static partial void Rejected(ILogger logger, ConfigProblem problem);

        [LoggerMessage(
            LogLevel.Warning,
            "Configuration {Revision} is valid but cannot be applied yet, so the earlier one stays in use and it is tried again: {Reason}"
        )]
        public static partial void Pending(ILogger logger, string revision, string reason);

        [LoggerMessage(
            LogLevel.Error,
            "The configuration could not be applied, and the last valid one stays in use until the configuration is edited: {Problem}"
        )]
        public static partial void Failed(ILogger logger, ConfigProblem problem, Exception exception);
    }
}
