using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Proxy.Handover;

namespace Proxy.Host.Tests.Support;

/// <summary>
/// Runs a program in this process, from its Main and its command line on. Its server is Kestrel, on real sockets and on the addresses of its
/// configuration, which say port 0: <c>UseKestrel(0)</c> would put one address without TLS in place of them all (docs/decisions/0023).
/// </summary>
/// <typeparam name="TProgram">A type of the program's assembly.</typeparam>
internal sealed class ProgramFactory<TProgram> : WebApplicationFactory<TProgram>
    where TProgram : class
{
    private readonly (string Key, string Value)[] _settings;

    /// <param name="settings">Arguments of the program: <c>--key=value</c>, each key once.</param>
    public ProgramFactory(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel();
    }

    /// <summary>Adds services to those of the program, as an engine would.</summary>
    public Action<IServiceCollection>? Adds { get; init; }

    /// <summary>The URLs of Kestrel's endpoints with their real ports; none before the start.</summary>
    public IReadOnlyList<Uri> Urls { get; private set; } = [];

    /// <summary>Starts the program and waits until it has started.</summary>
    public async Task StartAsync()
    {
        // Starting blocks its thread, which is therefore not one of the pool.
        await Task.Factory.StartNew(StartServer, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var addresses = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        Urls = [.. addresses.Select(static url => new Uri(url)).Where(static url => url.Host != HandoverEndPoint.Name)];
    }

    // The factory passes settings as arguments. As shipped, the environment is Production; the factory's own is Development.
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment(Environments.Production);
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }

    protected override IHost CreateHost(IHostBuilder builder)
    {
        var main = new MainEnd();
        builder.ConfigureServices(services =>
        {
            // The program's server is the first: Kestrel, or none where nothing asks for HTTP. The factory has added a second.
            var server = services.First(static service => service.ServiceType == typeof(IServer));
            services.RemoveAll<IServer>().Add(server);

            // The host asks for its options before it creates anything else, and what is created first is disposed last.
            services.AddSingleton(_ => main);
            services.AddOptions<HostOptions>().Configure<MainEnd>(static (_, _) => { });
            Adds?.Invoke(services);
        });
        return new RunningMain(base.CreateHost(builder), main);
    }

    /// <summary>Tells when the program has disposed all of its services.</summary>
    private sealed class MainEnd : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose() => _ended.TrySetResult();
    }

    /// <summary>Stops as SIGTERM does, once, and leaves it to Main to dispose what it built.</summary>
    private sealed class RunningMain(IHost host, MainEnd main) : IHost
    {
        private readonly IHostApplicationLifetime _lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();

        public IServiceProvider Services => host.Services;

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken = default)
        {
            _lifetime.StopApplication();
            return main.Ended.WaitAsync(Eventually.Limit, cancellationToken);
        }

        public void Dispose() { }
    }
}
