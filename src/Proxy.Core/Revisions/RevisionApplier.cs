using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Proxy.Channels;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Listeners;
using Proxy.Routes;

namespace Proxy.Revisions;

/// <summary>
/// Makes a revision the running one, or changes nothing: everything that can fail is done first, then references are swapped. Not
/// thread-safe: one caller at a time.
/// </summary>
internal sealed partial class RevisionApplier(
    PipelineBuilder pipelines,
    ListenerManager listeners,
    YarpConfigProvider yarp,
    ChannelHost channels,
    MountedRoutes mounted,
    SecretValues secrets,
    Drainer drainer,
    CertificateInventory certificates,
    ProxyStatus status,
    ProxyMetrics metrics,
    RequestMetrics requests,
    Lazy<Revision> initial,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<RevisionApplier> logger
)
{
    private static readonly TimeSpan _yarpDeadline = TimeSpan.FromSeconds(30);

    private readonly TimeSpan _shutdownTimeout = host.Value.ShutdownTimeout;

    /// <summary>Applies the first revision, which YARP requests by itself.</summary>
    /// <exception cref="ApplyException">The revision cannot run.</exception>
    /// <exception cref="BindException">An address is in use.</exception>
    public async Task StartAsync(Revision revision, CancellationToken cancellationToken)
    {
        _ = yarp.GetConfig();
        var set = pipelines.Build(revision, cancellationToken);
        BoundListeners bound;
        try
        {
            bound = await listeners.BindAsync(Specs(revision, set), cancellationToken);
        }
        catch
        {
            pipelines.GiveUp(set);
            throw;
        }

        Commit(revision, set, bound, []);
    }

    /// <summary>Replaces the running revision.</summary>
    /// <exception cref="ApplyException">The revision cannot run; the running one continues.</exception>
    /// <exception cref="BindException">An address is in use; the running revision continues.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the running revision continues.</exception>
    public async Task ApplyAsync(Revision revision, CancellationToken cancellationToken)
    {
        var restart = AtStart.Edited(initial.Value, revision);
        PipelineSet set;
        try
        {
            set = pipelines.Build(revision, cancellationToken);
        }
        catch
        {
            certificates.Keep(status.Current.Running!);
            throw;
        }

        BoundListeners? bound = null;
        try
        {
            bound = await listeners.BindAsync(Specs(revision, set), cancellationToken);
            await GiveToYarpAsync(revision, cancellationToken);
        }
        catch
        {
            pipelines.GiveUp(set);
            certificates.Keep(status.Current.Running!);
            await (bound is null ? Task.CompletedTask : listeners.DiscardAsync(bound));
            throw;
        }

        var previous = status.Current.Running!;
        Commit(revision, set, bound, restart);
        Afterwards(() => drainer.DrainRemoved(previous, () => status.Current.Running!));
    }

    /// <summary>Gives YARP the present members as destinations; false if that has to be tried again.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> TryRefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await yarp.RefreshAsync(status.Current.Running!, _yarpDeadline, time, cancellationToken);
            KeepDestinations();

            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRefreshed(logger, exception);
            return false;
        }
    }

    private async Task GiveToYarpAsync(Revision revision, CancellationToken cancellationToken)
    {
        try
        {
            await yarp.ApplyAsync(revision, _yarpDeadline, time, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApplyException(ProxyDocument.Section, exception);
        }
    }

    // Queues, sessions and channels first, so that connections which are accepted from then on find them in the state of this revision.
    private void Commit(Revision revision, PipelineSet set, BoundListeners bound, IReadOnlyList<string> restart)
    {
        Afterwards(() => secrets.Use(revision.Secrets));
        foreach (var part in set.Parts)
        {
            Afterwards(part.Commit);
        }

        channels.Update(revision.Config.Channels);
        listeners.Commit(bound);
        mounted.Serve(set.Routes);
        var (now, addresses) = (time.GetUtcNow(), listeners.Bound);
        status.Update(state =>
            state with
            {
                Running = revision,
                Versions = revision.Versions,
                AppliedAt = now,
                Bound = addresses,
                RestartNeeded = restart,
                RestartNeededSince = restart.Count > 0 ? state.RestartNeededSince ?? now : null,
                Pending = null,
                PendingKey = null,
                PendingSince = null,
            }
        );
        Afterwards(() => certificates.Keep(revision));
        Afterwards(() => Tell(revision));
        Afterwards(status.Announce);
    }

    private void Tell(Revision revision)
    {
        host.Value.ShutdownTimeout = TimeSpan.FromTicks(Math.Max(_shutdownTimeout.Ticks, Drainer.ShutdownTime(revision).Ticks));
        metrics.Configure(RevisionLabels.Routes(revision), RevisionLabels.Others(revision));
        requests.Configure(revision.HttpRoutes.Select(static route => route.RouteId));
        metrics.Recent.Configure(RevisionLabels.Routes(revision), RevisionLabels.HttpRoutes(revision));
        KeepDestinations();
        foreach (var problem in revision.Warnings)
        {
            Log.Suspicious(logger, problem);
        }

        foreach (var (key, warning) in certificates.Warnings(revision))
        {
            Log.Suspicious(logger, new(key, warning));
        }

        foreach (var section in status.Current.RestartNeeded)
        {
            Log.NeedsRestart(logger, section);
        }
    }

    // Of those that are gone, since members of connectors and servers of services come and go between edits.
    private void KeepDestinations() => metrics.Recent.Configure(RevisionLabels.Destinations(yarp.GetConfig().Clusters));

    // The revision runs by now, so a failure of a later step does not undo it.
    private void Afterwards(Action follow)
    {
        try
        {
            follow();
        }
        catch (Exception exception)
        {
            Log.NotFollowed(logger, exception);
        }
    }

    private static List<ListenerSpec> Specs(Revision revision, PipelineSet set) =>
        [
            .. revision.Bindings.Select(binding => new ListenerSpec(binding.Slot, EndPoint(binding), set.Endpoints[binding.Slot])
            {
                Name = binding.EndpointId,
                Routes = [.. binding.RouteIds.Select(id => $"{id} ({revision.Config.ReverseProxy.TcpRoutes[id].Mode})")],
            }),
        ];

    private static ListenEndPoint EndPoint(EndpointBinding binding)
    {
        EndPoint address = binding.Address is { UnixPath: { } path }
            ? new UnixDomainSocketEndPoint(path)
            : new IPEndPoint(binding.Address.Address!, binding.Address.Port);
        return new(address, binding.Backlog, binding.Address.IsAny) { InOrder = binding.InOrder };
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "The configuration is applied, but a part of the program could not take over its new settings and keeps the old ones."
        )]
        public static partial void NotFollowed(ILogger logger, Exception exception);

        [LoggerMessage(
            LogLevel.Error,
            "The members of connectors could not be given to YARP as destinations, so their clusters keep the earlier ones; it is tried again."
        )]
        public static partial void NotRefreshed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "{Problem}")]
        public static partial void Suspicious(ILogger logger, ConfigProblem problem);

        [LoggerMessage(LogLevel.Warning, "The section {Section} was edited, but applies only at start; restart the program to apply it.")]
        public static partial void NeedsRestart(ILogger logger, string section);
    }
}
