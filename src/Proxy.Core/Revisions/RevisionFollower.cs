using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Proxy.Channels.Monitoring;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Listeners;
using Proxy.Routes;
using Proxy.Timing;

namespace Proxy.Revisions;

/// <summary>Follows edits: reads what is configured, and has it applied, rejected, or put off and tried again.</summary>
internal sealed partial class RevisionFollower(
    ConfigurationInput input,
    RevisionReader reader,
    RevisionApplier applier,
    IChannelMonitor members,
    ProxyStatus status,
    ProxyMetrics metrics,
    TimeProvider time,
    ILogger<RevisionFollower> logger
) : IDisposable
{
    // Edits are level-triggered: one waiting signal stands for any number of them.
    private readonly Channel<bool> _edits = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly CancellationTokenSource _stopping = new();
    private long _read; // edits before the last reading; a signal may be for members that came and went
    private IDisposable? _watching;
    private Revision? _waiting; // the last valid one, while it waits for an address
    private Task _following = Task.CompletedTask;

    /// <summary>Begins, with the first revision running.</summary>
    public void Start()
    {
        metrics.Reloaded("accepted");
        _watching = ChangeToken.OnChange(input.Configuration.GetReloadToken, SignalEdit);
        SignalEdit(); // an edit made since the first reading fired no token that was watched
        _following = Task.WhenAll(FollowAsync(_stopping.Token), FollowMembersAsync(_stopping.Token));
    }

    /// <summary>Ends; what is being applied is finished first.</summary>
    public async Task StopAsync()
    {
        _watching?.Dispose();
        await _stopping.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a stop goes on whatever became of following
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _watching?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>What stands in the way of a revision that was read without an error.</summary>
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
                retry.Note(pending | !await applier.TryRefreshAsync());
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Wait(null); // another try would end the same way
                var problem = Explain(exception);
                Reject([problem]);
                Log.Failed(logger, problem, exception);
                retry.Note(failed: true); // the members may have changed besides
            }
            finally
            {
                status.Settled(edits);
            }
        }
    }

    /// <summary>Waits for an edit, for members that came and went, or for the time to try again; true when that time has come.</summary>
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

    /// <summary>Reads what is configured now. An invalid text changes nothing: what waited before it, waits on.</summary>
    private void Read()
    {
        var result = reader.Read(input.Configuration, input.WholeDocument);
        if (result.Revision is { } revision)
        {
            status.Update(static state => state with { Rejected = [] });
            Wait(revision.Id == status.Current.Running!.Id ? null : revision);
            return;
        }

        Reject(result.Errors);
        foreach (var problem in result.Errors)
        {
            Log.Rejected(logger, problem);
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
            await applier.ApplyAsync(revision, cancellationToken);
        }
        catch (BindException exception)
        {
            if (status.Current.Pending != exception.Message)
            {
                metrics.Reloaded("pending");
                Log.Pending(logger, revision.Id, exception.Message);
            }

            status.Update(state => state with { Pending = exception.Message });
            return true;
        }

        Wait(null);
        metrics.Reloaded("accepted");
        Log.Applied(logger, revision.Id);
        return false;
    }

    private void Wait(Revision? revision)
    {
        _waiting = revision;
        if (revision is null)
        {
            status.Update(static state => state with { Pending = null });
        }
    }

    private void Reject(IReadOnlyList<ConfigProblem> problems)
    {
        metrics.Reloaded("rejected");
        status.Update(state => state with { Rejected = problems });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Configuration {Revision} is applied.")]
        public static partial void Applied(ILogger logger, string revision);

        [LoggerMessage(LogLevel.Error, "Configuration rejected, the last good one runs on: {Problem}")]
        public static partial void Rejected(ILogger logger, ConfigProblem problem);

        [LoggerMessage(LogLevel.Warning, "Configuration {Revision} waits and is retried: {Reason}")]
        public static partial void Pending(ILogger logger, string revision, string reason);

        [LoggerMessage(LogLevel.Error, "Applying the configuration failed, the last good one runs on: {Problem}")]
        public static partial void Failed(ILogger logger, ConfigProblem problem, Exception exception);
    }
}
