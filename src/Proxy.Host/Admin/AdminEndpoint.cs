using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Host.Admin.Connections;
using Proxy.Host.Dashboard;
using Proxy.Host.Http;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Admin;

/// <summary>
/// Health, metrics and the API on an address of their own. Its connections bear a mark, and requests are told apart by it before
/// routing, so that neither YARP's routes nor a forged Host header reach across.
/// </summary>
internal static class AdminEndpoint
{
    public static void Listen(KestrelServerOptions kestrel, AdminConfig admin)
    {
        var uri = new Uri(admin.Url);
        var authorities = AdminCertificates.Load(admin);
        var connections = new AdminConnections();
        _ = ListenAddress.TryParse($"{uri.Host}:{uri.Port}", out var addresses, out _);
        foreach (var address in addresses)
        {
            kestrel.Listen(
                new AdminAddress(address.Address!, address.Port),
                listen =>
                {
                    Mark(listen, connections);
                    if (uri.Scheme == Uri.UriSchemeHttps)
                    {
                        AdminCertificates.Use(listen, authorities);
                    }
                }
            );
        }
    }

    private static void Mark(ListenOptions listen, AdminConnections connections) =>
        listen.Use(next =>
            connection =>
            {
                AdminMark.Set(connection.Features);
                return connections.OnConnectionAsync(connection, next);
            }
        );

    /// <param name="app">The application, before it answers anything itself.</param>
    /// <param name="admin">What may be done.</param>
    /// <param name="reload">Begins to read the files again, and returns at once.</param>
    public static void Use(WebApplication app, AdminConfig admin, Action reload)
    {
        _ = app.Services.GetRequiredService<StatusReader>(); // counts from now on
        var answer = Build(app.Services, admin, reload);
        app.Use((context, next) => AdminMark.IsOn(context.Features) ? answer(context) : next(context));
    }

    // A pipeline of its own: its endpoints are not among the application's, nor the other way round.
    private static RequestDelegate Build(IServiceProvider services, AdminConfig admin, Action reload)
    {
        var access = ActivatorUtilities.CreateInstance<AdminAccess>(services, admin);
        var inner = new ApplicationBuilder(services);
        inner.Use(AdminErrors.UseAsync);
        inner.UseRouting();
        inner.Use(access.UseAsync);
        inner.Use(ApiPath.UnescapeAsync);
        inner.UseEndpoints(endpoints => Map(endpoints, admin, reload));
        inner.Run(AdminErrors.NotFoundAsync);
        return inner.Build();
    }

    private static void Map(IEndpointRouteBuilder endpoints, AdminConfig admin, Action reload)
    {
        endpoints.MapGet("/healthz/live", static context => context.Response.WriteAsync("live\n")).NeedsNoToken();
        endpoints.MapGet("/healthz/ready", Readiness.WriteAsync).NeedsNoToken();
        endpoints.MapGet("/metrics", PrometheusEndpoint.WriteAsync);
        var api = ApiDocument.Map(endpoints);
        StatusApi.Map(api.About("Host"), admin);
        EndpointApi.Map(api.About("Endpoints and routes"));
        RouteApi.Map(api.About("Endpoints and routes"));
        ClusterApi.Map(api.About("Clusters"));
        ConnectionApi.Map(api.About("Connections"));
        ConfigurationApi.Map(api.About("Configuration"), reload);
        LogLevelApi.Map(api.About("Logging"));
        LockApi.Map(api.About("Locks"));
        MultiplexApi.Map(api.About("Multiplex"));
        ChannelApi.Map(api.About("Channels"));
        EventsApi.Map(api.About("Host"), admin);
        DashboardPage.Map(endpoints.MapGroup("").NeedsNoToken());
    }
}
