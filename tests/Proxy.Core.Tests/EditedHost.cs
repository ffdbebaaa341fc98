using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Listeners;
using Proxy.Revisions;
using Proxy.Routes;
using Proxy.Transports;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Core.Tests;

/// <summary>An application with the library, a file that a test edits, and failures that it orders.</summary>
internal sealed class EditedHost : IAsyncDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"edited-{Guid.NewGuid():N}.json");
    private readonly IConfigurationRoot _root;
    private readonly WebApplication _app;

    private EditedHost(string json, Action<IServiceCollection>? add)
    {
        File.WriteAllText(_file, json);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting().AddLogging();
        builder.Services.AddSingleton(provider => new Faults.Listeners(provider.GetRequiredService<Transport>().Listeners, Faults));
        builder.Services.AddSingleton(static provider => new ListenerManager(
            provider.GetRequiredService<Faults.Listeners>(),
            TimeProvider.System,
            provider.GetRequiredService<ILogger<ListenerManager>>()
        ));
        add?.Invoke(builder.Services);
        _root = new ConfigurationBuilder().Add(new JsonFileSource(_file) { Watch = false }).Build();
        builder.Services.AddTcpProxy().LoadDocument(_root);
        Decorate<IRouteFactory>(builder.Services, inner => new Faults.Routes(inner, Faults));
        Decorate<IConfigValidator>(builder.Services, inner => new Faults.Validator(inner, Faults));
        builder.Services.AddSingleton<IProxyConfigFilter>(new Faults.Filter(Faults));
        _app = builder.Build();
        _app.MapReverseProxy();
    }

    public Faults Faults { get; } = new();

    public ProxyState State => _app.Services.GetRequiredService<ProxyStatus>().Current;

    /// <summary>The address that YARP has for a destination.</summary>
    public string YarpAddress(string cluster, string destination) =>
        Service<IProxyStateLookup>().TryGetCluster(cluster, out var state)
            ? state.Destinations[destination].Model.Config.Address
            : throw new InvalidOperationException($"YARP has no cluster '{cluster}'.");

    /// <summary>The ids of the destinations that YARP has for a cluster.</summary>
    public string Destinations(string cluster) =>
        Service<IProxyStateLookup>().TryGetCluster(cluster, out var state) ? string.Join(' ', state.Destinations.Keys.Order()) : "";

    /// <param name="json">What it starts with.</param>
    /// <param name="fault">The step of the start that fails.</param>
    /// <param name="add">Adds services that take the place of the library's.</param>
    public static async Task<EditedHost> StartAsync(string json, string? fault = null, Action<IServiceCollection>? add = null)
    {
        var host = new EditedHost(json, add);
        host.Faults.Ordered = fault;
        try
        {
            await host._app.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Writes the file and waits until the edit is dealt with.</summary>
    public async Task EditAsync(string json)
    {
        await File.WriteAllTextAsync(_file, json);
        _root.Reload();
        await _app.Services.GetRequiredService<ProxyStatus>().WhenSettledAsync().WaitAsync(Eventually.Limit);
    }

    /// <summary>Writes the file, and returns while the edit is being read.</summary>
    public async Task BeginEditAsync(string json)
    {
        await File.WriteAllTextAsync(_file, json);
        _root.Reload();
        await Eventually.TrueAsync(() => State.ReadingSince is not null);
    }

    public Task StopAsync() => _app.StopAsync();

    /// <summary>What is served at a port; null where connections are refused.</summary>
    public static async Task<string?> AskAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return null;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "reset"; // the listener closed with this connection in its backlog
        }

        return Encoding.ASCII.GetString((await socket.ReadToEndAsync()).Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        File.Delete(_file);
    }

    private static void Decorate<T>(IServiceCollection services, Func<T, T> wrap)
        where T : class
    {
        foreach (var descriptor in services.Where(static service => service.ServiceType == typeof(T)).ToList())
        {
            services.Remove(descriptor);
            services.AddSingleton(provider => wrap((T)ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!)));
        }
    }
}
