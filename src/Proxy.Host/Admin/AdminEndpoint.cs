using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using Proxy.Host.Admin.Connections;
using Proxy.Host.Dashboard;
using Proxy.Host.Http;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Admin;

/// <summary>
/// Serves health, metrics, the API and the dashboard on a separate address. The mark of its connections separates its requests from
/// proxied ones before routing: YARP's routes do not match admin requests, and a forged Host header does not reach the admin endpoint.
/// </summary>
internal static class AdminEndpoint
{
    public static void Listen(KestrelServerOptions kestrel, AdminConfig admin)
    {
        var uri = new Uri(admin.Url);
        var authorities = AdminCertificates.Load(admin);
        var connections = kestrel.ApplicationServices.GetRequiredService<AdminConnections>();
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
                        AdminCertificates.UseHttps(listen, authorities);
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

    /// <summary>Adds the middleware that answers requests to the admin address.</summary>
    /// <param name="app">The application, before it has other middleware that answers requests.</param>
    /// <param name="admin">The configuration of the admin endpoint.</param>
    /// <param name="reload">Reads the files again; completes when what was read is applied, rejected or postponed.</param>
    public static void Use(WebApplication app, AdminConfig admin, Func<Task<bool>> reload)
    {
        _ = app.Services.GetRequiredService<StatusReader>(); // created now, so that the uptime starts here
        var answer = Build(app.Services, admin, reload);
        app.Use((context, next) => AdminMark.IsOn(context.Features) ? answer(context) : next(context));
    }

    // A separate pipeline, so that its endpoints and those of the application are not mixed.
    private static RequestDelegate Build(IServiceProvider services, AdminConfig admin, Func<Task<bool>> reload)
    {
        var access = ActivatorUtilities.CreateInstance<AdminAccess>(services, admin);
        var connections = services.GetRequiredService<AdminConnections>();
        var inner = new ApplicationBuilder(services);
        inner.Use(connections.TrackAsync);
        inner.Use(AdminErrors.InvokeAsync);
        inner.UseRouting();
        inner.Use(access.InvokeAsync);
        inner.Use(connections.AdmitAsync);
        inner.Use(ApiPath.UnescapeAsync);
        inner.UseEndpoints(endpoints => Map(endpoints, admin, reload));
        inner.Run(AdminErrors.NotFoundAsync);
        return inner.Build();
    }

    private static void Map(IEndpointRouteBuilder endpoints, AdminConfig admin, Func<Task<bool>> reload)
    {
        endpoints.MapGet("/healthz/live", static context => context.Response.WriteAsync("live\n")).NeedsNoToken();
        endpoints.MapGet("/healthz/ready", Readiness.WriteAsync).NeedsNoToken();
        endpoints.MapGet("/metrics", PrometheusEndpoint.WriteAsync);
        var api = ApiDocument.Map(endpoints);
        StatusApi.Map(api.About("Host"), admin);
        ConditionApi.Map(api.About("Health"));
        EndpointApi.Map(api.About("Endpoints and routes"));
        RouteApi.Map(api.About("Endpoints and routes"));
        ClusterApi.Map(api.About("Clusters"));
        ConnectionApi.Map(api.About("Connections"));
        ConfigurationApi.Map(api.About("Configuration"), reload);
        LogLevelApi.Map(api.About("Logging"));
        LockApi.Map(api.About("Locks"));
        MultiplexApi.Map(api.About("Multiplex"));
        ChannelApi.Map(api.About("Channels"));
        MemberApi.Map(api.About("Channels"));
        FleetApi.Map(api.About("Fleet"));
        EventsApi.Map(api.About("Host"), admin);
        DashboardPage.Map(endpoints.MapGroup("").NeedsNoToken());
    }
}
