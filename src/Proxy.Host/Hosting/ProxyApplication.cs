using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Proxy.Channels.Monitoring;
using Proxy.Configuration;
using Proxy.Configuration.Host;
using Proxy.Connections;
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
    /// <param name="configuration">All of it: nothing else is read.</param>
    /// <param name="options">What libraries in the host are told of the application.</param>
    /// <exception cref="InvalidConfigException">The configuration cannot run.</exception>
    public static WebApplication Build(IConfigurationRoot configuration, WebApplicationOptions options)
    {
        var first = TcpProxyExtensions.Check(configuration);
        var revision = first.Revision ?? throw new InvalidConfigException(first.Errors);
        var builder = WebApplication.CreateEmptyBuilder(options);
        builder.Configuration.AddConfiguration(revision.Snapshot);
        var channels = new ChannelStateSource();
        ((IConfigurationBuilder)builder.Configuration).Add(channels);
        builder
            .Logging.AddSimpleConsole(static console => console.SingleLine = true)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor", LogLevel.Error) // each failed probe; changes of health are warned of
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical) // a failed start is reported once, by HostRunner
            .AddFilter("Yarp", LogLevel.Warning);
        LogLevels.Use(builder.Services, revision);
        builder.Services.Configure<ConsoleLoggerOptions>(static console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace; // standard output belongs to the access log
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite; // a console that is not read keeps no connection waiting
        });
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddRequestTimeouts();
        services.AddSingleton(configuration);
        services.AddSingleton(channels);
        services.AddSingleton<ConfigurationReload>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        var inherited = SystemdServices.Use(services);
        services.AddSingleton(CreateTransportOptions(revision.Config.Transport, inherited));
        AccessLogEdits.Use(services, revision, configuration);
        services.AddTcpProxy().LoadDocument(configuration);
        services.AddSingleton<StatusReader>();
        ApiDocument.AddServices(services);
        Telemetry.Add(builder, OtelVariables.OfProcess());
        AddHttp(builder, revision);
        var app = builder.Build();
        if (revision.Config.Admin is { } admin)
        {
            AdminEndpoint.Use(app, admin, app.Services.GetRequiredService<ConfigurationReload>().Start);
        }

        DemoSite.Use(app);
        app.UseRouting();
        RouteTimeouts.Use(app);
        app.MapReverseProxy();
        return app;
    }

    private static void AddHttp(WebApplicationBuilder builder, Revision revision)
    {
        var config = revision.Config;
        if (config.Admin is null && !config.Demo.Enabled && !revision.Snapshot.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<IServer, NoServer>());
            return;
        }

        // Kestrel adds its own transport only where none is registered, and ours is: it takes marked addresses alone.
        builder.Services.AddSingleton(static provider => new HttpTransport(
            ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider)
        ));
        builder.Services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<HttpTransport>());
        HttpDrain.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            HttpDrain.Use(kestrel);
            kestrel.Configure(revision.Snapshot.GetSection("Kestrel"), reloadOnChange: false);
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
