using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Channels.Monitoring;
using Proxy.Conditions.Rules;
using Proxy.Configuration;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Engine;
using Proxy.Handover;
using Proxy.Host.Admin;
using Proxy.Host.Demo;
using Proxy.Host.Hosting.Systemd;
using Proxy.Host.Http;
using Proxy.Host.Observability;
using Proxy.Host.Observability.AccessLogging;
using Proxy.Revisions;
using Proxy.Transports;

namespace Proxy.Host.Hosting;

/// <summary>Composes the host from a configuration.</summary>
internal static class ProxyApplication
{
    /// <param name="configuration">The whole configuration. The host reads no other source.</param>
    /// <param name="options">The content root, the environment name and the application name, for libraries in the host.</param>
    /// <param name="cancellationToken">Ends the reading of the configuration.</param>
    /// <param name="shared">The layers that are documents of the engine; null without any.</param>
    /// <exception cref="InvalidConfigException">The configuration is invalid.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static WebApplication Build(
        IConfigurationRoot configuration,
        WebApplicationOptions options,
        SharedLayers? shared = null,
        CancellationToken cancellationToken = default
    )
    {
        var first = TcpProxyExtensions.Check(configuration, cancellationToken);
        var revision = first.Revision ?? throw new InvalidConfigException(first.Errors);
        var builder = WebApplication.CreateEmptyBuilder(options);
        builder.Configuration.AddConfiguration(revision.Snapshot);
        var channels = new ChannelStateSource();
        ((IConfigurationBuilder)builder.Configuration).Add(channels);
        LineFormatter.AddTo(builder.Logging);
        builder
            .Logging.AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor", LogLevel.Error) // it logs each failed probe; a change of health is logged as a warning elsewhere
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical) // a failed start is reported once, by HostRunner
            .AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Critical) // a failed request with its stack; RequestTracking logs it in one line
            .AddFilter("Yarp.ReverseProxy.LoadBalancing", LogLevel.Error) // the same
            .AddFilter("Yarp", LogLevel.Warning);
        LogLevels.AddTo(builder.Services, revision);
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddRequestTimeouts();
        services.AddSingleton(configuration);
        services.AddSingleton(channels);
        services.AddSingleton<ConfigurationReload>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        var inherited = SystemdServices.AddTo(services);
        services.AddSingleton(CreateTransportOptions(revision.Config.Transport, inherited));
        AccessLogEdits.AddTo(services, revision, configuration);
        shared?.AddTo(services);
        var proxy = services.AddTcpProxy().LoadDocument(configuration);
        if (revision.Config.Engine is { } engine)
        {
            EngineHost.Add(proxy, engine, revision.Config.Channels);
        }

        services.AddSingleton<StatusReader>();
        services.AddSingleton<FleetReader>();
        services.AddSingleton<FleetDraining>();
        services.AddSingleton(new HostDescription(BuildVersion.Text, revision.Config.Admin?.Url));
        services.AddTransient(static provider => new KnownConditions(provider.GetRequiredService<ConditionRegistry>().Read));
        RequestTracking.AddTo(services);
        ApiDocument.AddServices(services);
        Telemetry.Add(builder, OtelVariables.OfProcess(), revision.Config.Telemetry);
        AddHttp(builder, revision, configuration);
        services.AddHostedService<StartReport>();
        services.AddHostedService<StopReport>(); // the last service, which is stopped first
        var app = builder.Build();
        if (revision.Config.Admin is { } admin)
        {
            AdminEndpoint.Use(app, admin, app.Services.GetRequiredService<ConfigurationReload>().RunAsync);
        }

        HttpConnectionLimit.NoticeUpgrades(app);
        DemoSite.Use(app);
        UpgradeHalfClose.Use(app);
        app.UseRouting();
        RequestTracking.Use(app);
        RouteTimeouts.Use(app);
        app.MapReverseProxy();
        return app;
    }

    private static void AddHttp(WebApplicationBuilder builder, Revision revision, IConfigurationRoot configuration)
    {
        var config = revision.Config;

        // An edit may add a route with Mode Http. Without files there are no edits, and without an admin address and HTTP there is no such route.
        var isEdited = configuration.Providers.OfType<DocumentProvider>().Any();
        if (
            !isEdited
            && config.Admin is null
            && !config.Demo.Enabled
            && !revision.Snapshot.GetSection("Kestrel:Endpoints").GetChildren().Any()
        )
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<IServer, NoServer>());
            return;
        }

        // Kestrel adds its socket transport only if no transport is registered. TcpProxy registers one that binds only marked addresses, so the
        // transport for all other addresses is added here.
        builder.Services.AddSingleton(static provider =>
            ActivatorUtilities.CreateInstance<HttpTransport>(provider, ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider))
        );
        builder.Services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<HttpTransport>());
        builder.Services.AddSingleton<AdminConnections>();
        HttpDrain.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var limits = (config.Kestrel ?? new()).Limits;
            KestrelLimits.Apply(limits, kestrel.Limits);
            var resources = kestrel.ApplicationServices.GetRequiredService<Resources>();
            var connections = HttpConnectionLimit.Maximum(limits.MaxConcurrentConnections, resources);
            var handed = HttpConnectionLimit.ForHandover(kestrel.ApplicationServices, limits.MaxConcurrentConnections);
            kestrel.ConfigureEndpointDefaults(listen =>
            {
                HttpConnectionLimit.AddTo(listen, connections);
                RequestTracking.AddTo(listen);
                handed(listen);
                if (listen.EndPoint is not HandoverEndPoint) // its connections drain as those of TCP routes, which they are
                {
                    HttpDrain.AddTo(listen);
                }

                UpgradeHalfClose.Track(listen);
            });
            kestrel.Configure(revision.Snapshot.GetSection("Kestrel"), reloadOnChange: false);
            kestrel.ListenHttpRoutes();
            if (config.Admin is { } admin)
            {
                AdminEndpoint.Listen(kestrel, admin);
            }

            if (config.Demo.Enabled)
            {
                DemoSite.Listen(kestrel);
            }
        });
        if (config.Demo.Enabled)
        {
            builder.Services.AddHostedService<DemoGreeters>();
            builder.Services.AddHostedService<DemoModbusDevice>();
        }
    }

    private static TransportOptions CreateTransportOptions(TransportConfig config, InheritedSockets? inherited) =>
        new()
        {
            UseEventLoops = config.Kind != TransportKind.Sockets,
            Threads = config.Threads,
            Inherited = inherited,
        };
}
