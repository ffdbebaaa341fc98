using Proxy.Connections;

namespace Proxy.Host.Hosting.Systemd;

/// <summary>Registers the services that connect the host to systemd. Without systemd they do nothing.</summary>
internal static partial class SystemdServices
{
    /// <summary>Reads the environment, takes the passed sockets and registers the services.</summary>
    /// <returns>The sockets that systemd passed; null if it passed none.</returns>
    public static InheritedSockets? AddTo(IServiceCollection services)
    {
        var environment = SystemdEnvironment.Take();
        var sockets = SocketActivation.Take(environment, out var refused);
        services.AddSingleton(environment);
        services.AddSingleton<ServiceManager>();
        services.AddHostedService<SystemdService>();
        if (sockets is not null)
        {
            SocketActivation.AddToKestrel(services, sockets);
            services.AddHostedService(provider => new Refusals(refused, provider.GetRequiredService<ILogger<InheritedSockets>>()));
        }

        return sockets;
    }

    private sealed class Refusals(IReadOnlyList<string> refused, ILogger logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var descriptor in refused)
            {
                Log.NoListener(logger, descriptor);
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "systemd passed {What}, which is not a listening stream socket. It is closed; check the socket unit."
        )]
        public static partial void NoListener(ILogger logger, string what);
    }
}
