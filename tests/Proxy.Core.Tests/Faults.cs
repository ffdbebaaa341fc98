using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Routes;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Core.Tests;

/// <summary>Failures that a test orders, one for each step of an edit.</summary>
internal sealed class Faults
{
    private volatile string? _ordered;

    /// <summary>The step that fails from now on; null for none.</summary>
    public string? Ordered
    {
        get => _ordered;
        set => _ordered = value;
    }

    /// <summary>Reading the configuration waits for this.</summary>
    public Task MayRead { get; set; } = Task.CompletedTask;

    public void Throw(string step)
    {
        if (_ordered == step)
        {
            throw new InvalidOperationException($"ordered at {step}");
        }
    }

    /// <summary>A check of the configuration that throws.</summary>
    public sealed class Validator(IConfigValidator inner, Faults faults) : IConfigValidator
    {
        public ValueTask<IList<Exception>> ValidateRouteAsync(RouteConfig route) => inner.ValidateRouteAsync(route);

        public ValueTask<IList<Exception>> ValidateClusterAsync(ClusterConfig cluster)
        {
            faults.MayRead.Wait(Eventually.Limit);
            faults.Throw("read");
            return inner.ValidateClusterAsync(cluster);
        }
    }

    /// <summary>Lets YARP refuse what it is given.</summary>
    public sealed class Filter(Faults faults) : IProxyConfigFilter
    {
        public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
        {
            faults.Throw("YARP");
            return new(cluster);
        }

        public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel) =>
            new(route);
    }

    /// <summary>Binds all addresses but one.</summary>
    public sealed class Listeners(IConnectionListenerFactory inner, Faults faults) : IConnectionListenerFactory
    {
        /// <summary>The port that cannot be bound.</summary>
        public int Port { get; set; }

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            if (endpoint is ListenEndPoint { Address: IPEndPoint { Port: var port } } && port == Port)
            {
                faults.Throw("bind");
            }

            return inner.BindAsync(endpoint, cancellationToken);
        }
    }

    /// <summary>Fails after a pipeline of one kind was built, so that there is something to give back.</summary>
    public sealed class Routes(IRouteFactory inner, Faults faults) : IRouteFactory
    {
        public bool Builds(TcpRouteConfig route) => inner.Builds(route);

        public IRouteSet Begin(Revision revision)
        {
            faults.Throw($"begin {inner.GetType().Name}");
            return new Set(inner.Begin(revision), $"build {inner.GetType().Name}", $"use {inner.GetType().Name}", faults);
        }

        private sealed class Set(IRouteSet inner, string build, string use, Faults faults) : IRouteSet
        {
            public ConnectionDelegate Build(string id, TcpRouteConfig route)
            {
                var pipeline = inner.Build(id, route);
                faults.Throw(build);
                return pipeline;
            }

            public void Commit()
            {
                inner.Commit();
                faults.Throw(use);
            }

            public void GiveUp() => inner.GiveUp();
        }
    }
}
