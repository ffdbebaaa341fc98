using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;
using Proxy.Channels;
using Proxy.Clusters.Services;
using Proxy.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Revisions;

/// <summary>Provides YARP with the routes and clusters of the running revision, and reports when YARP has applied a new one.</summary>
internal sealed class YarpConfigProvider(Lazy<Revision> initial, ConnectorClusters connectors, ServiceClusters services)
    : IProxyConfigProvider,
        IConfigChangeListener
{
    private readonly Lock _gate = new(); // guards _current and _applying
    private Snapshot? _current;
    private TaskCompletionSource? _applying;

    /// <inheritdoc />
    public IProxyConfig GetConfig()
    {
        lock (_gate)
        {
            return _current ??= Filled(initial.Value);
        }
    }

    /// <summary>Passes a revision to YARP.</summary>
    /// <returns>Completes when YARP has applied it. Fails if YARP rejects it, after the previous revision was passed again.</returns>
    public async Task ApplyAsync(Revision revision, TimeSpan deadline, TimeProvider time, CancellationToken cancellationToken = default)
    {
        try
        {
            await services.PrepareAsync(revision.Config.ReverseProxy.Clusters, time, cancellationToken);
        }
        catch
        {
            Follow((Snapshot)GetConfig());
            throw;
        }

        var (previous, applied) = Swap(Filled(revision));
        try
        {
            previous.Expire();
            await applied.WaitAsync(deadline, time, cancellationToken);
        }
        catch
        {
            await RestoreAsync(previous, deadline, time, cancellationToken);
            throw;
        }
    }

    /// <summary>Passes the members of connectors and the servers of services to YARP, if they have changed. Reads no file.</summary>
    public Task RefreshAsync(Revision revision, TimeSpan deadline, TimeProvider time, CancellationToken cancellationToken) =>
        GetConfig().Clusters.SequenceEqual(Fill(revision)) ? Task.CompletedTask : ApplyAsync(revision, deadline, time, cancellationToken);

    /// <inheritdoc />
    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) { }

    /// <inheritdoc />
    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs) { }

    /// <inheritdoc />
    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) =>
        Applying(proxyConfigs)?.TrySetException(exception);

    /// <inheritdoc />
    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs) => Applying(proxyConfigs)?.TrySetResult();

    private Snapshot Filled(Revision revision) => new(revision, Fill(revision));

    private IReadOnlyList<ClusterConfig> Fill(Revision revision) =>
        services.Fill(connectors.Fill(revision), revision.Config.ReverseProxy.Clusters);

    // DNS goes on being asked for the services of what runs.
    private void Follow(Snapshot running) => services.Use(running.Revision.Config.ReverseProxy.Clusters);

    private async Task RestoreAsync(Snapshot previous, TimeSpan deadline, TimeProvider time, CancellationToken cancellationToken)
    {
        Follow(previous);
        var (refused, restored) = Swap(previous.Copy());
        try
        {
            refused.Expire();
            await restored.WaitAsync(deadline, time, cancellationToken);
        }
        catch (Exception)
        {
            // The earlier rejection is the failure to report. YARP keeps the revision that it had applied.
        }
    }

    private (Snapshot Previous, Task Applied) Swap(Snapshot next)
    {
        Snapshot previous;
        TaskCompletionSource applying;
        lock (_gate)
        {
            previous = _current ??= Filled(initial.Value);
            _current = next;
            _applying = applying = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return (previous, applying.Task);
    }

    private TaskCompletionSource? Applying(IReadOnlyList<IProxyConfig> configs)
    {
        lock (_gate)
        {
            return _current is not null && configs.Contains(_current) ? _applying : null;
        }
    }

    [SuppressMessage("Design", "CA1001", Justification = "A source without timer holds nothing; YARP may keep its token.")]
    private sealed class Snapshot(Revision revision, IReadOnlyList<ClusterConfig> clusters) : IProxyConfig
    {
        private readonly CancellationTokenSource _expired = new();

        public Revision Revision => revision;

        public string RevisionId => revision.Id;

        public IReadOnlyList<RouteConfig> Routes => revision.HttpRoutes;

        public IReadOnlyList<ClusterConfig> Clusters => clusters;

        public IChangeToken ChangeToken => new CancellationChangeToken(_expired.Token);

        public Snapshot Copy() => new(revision, clusters);

        public void Expire() => _expired.Cancel();
    }
}
