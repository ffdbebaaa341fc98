using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Etcd.Client;
using Proxy.Timing;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd.Documents;

/// <summary>
/// The client of the engine that is needed before there is a host: its configuration is read with it. The host uses the same one, so that a process has one connection.
/// </summary>
internal sealed class EngineConnection
{
    private readonly CertificateStore _certificates;

    private EngineConnection(LocalEngine engine, TimeProvider time, ILoggerFactory loggers)
    {
        _certificates = new(time, loggers.CreateLogger<CertificateStore>());
        Client = new(
            engine.Config.Etcd!,
            _certificates,
            metrics: null, // the host has them
            time,
            SuspendAwareTime.OfProcess,
            Random.Shared,
            loggers.CreateLogger<EtcdClient>()
        );
    }

    /// <summary>The clock, which is that of the host.</summary>
    public static TimeProvider Clock => RunningTime.OfProcess;

    /// <summary>The client.</summary>
    public EtcdClient Client { get; }

    /// <summary>Connects when it is first used.</summary>
    public static EngineConnection Open(LocalEngine engine, ILoggerFactory loggers) => new(engine, Clock, loggers);

    /// <summary>A client for a command, which logs nothing: what fails is told by its result.</summary>
    public static IKeyStore ForCommand(LocalEngine engine) => Open(engine, NullLoggerFactory.Instance).Client;

    /// <summary>Makes the host use it. Called before anything else registers a client, or certificates.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton(_certificates);
        services.AddSingleton(Client);
    }
}
