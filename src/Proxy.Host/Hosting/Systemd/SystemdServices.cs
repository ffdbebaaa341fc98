using Proxy.Connections;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Adds what makes the host a service of systemd; elsewhere it does nothing.</summary>
internal static partial class SystemdServices
{
    /// <summary>Adds it.</summary>
    /// <returns>The sockets that were passed on; null when none were.</returns>
    public static InheritedSockets? Use(IServiceCollection services)
    {
        var environment = SystemdEnvironment.Take();
        var sockets = SocketActivation.Take(environment, out var refused);
        services.AddSingleton(environment);
        services.AddSingleton<ServiceManager>();
        services.AddHostedService<SystemdService>();
        if (sockets is not null)
        {
            SocketActivation.UseFor(services, sockets);
            services.AddHostedService(provider => new Refusals(refused, provider.GetRequiredService<ILogger<InheritedSockets>>()));
        }

        return sockets;
    }

    private sealed class Refusals(IReadOnlyList<string> refused, ILogger logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var what in refused)
            {
                Log.NoListener(logger, what);
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Systemd passed on {What}, which is no socket that listens for streams; it is closed.")]
        public static partial void NoListener(ILogger logger, string what);
    }
}
