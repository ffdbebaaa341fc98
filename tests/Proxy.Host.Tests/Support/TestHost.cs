using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Host.Hosting;
using Proxy.Multiplexing;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Support;

/// <summary>The host as it is shipped, on a file that a test edits.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _file;
    private readonly ConfigurationRoot _configuration;
    private readonly WebApplication _app;

    private TestHost(string file)
    {
        _file = file;
        _configuration = (ConfigurationRoot)new ConfigurationBuilder().Add(new JsonFileSource(file)).Build();
        _app = ProxyApplication.Build(_configuration);
    }

    public ProxyState Status => _app.Services.GetRequiredService<ProxyStatus>().Current;

    public ConnectionTracker Tracker => _app.Services.GetRequiredService<ConnectionTracker>();

    public IServiceProvider Services => _app.Services;

    /// <summary>The state of the only multiplexed destination.</summary>
    public MultiplexStatus Multiplexed => Assert.Single(Services.GetRequiredService<MultiplexRegistry>().Status);

    /// <summary>The URLs of Kestrel's endpoints with their real ports.</summary>
    public IReadOnlyList<Uri> Urls =>
        [
            .. _app
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Select(static url => new Uri(url)),
        ];

    /// <summary>The only bound TCP address.</summary>
    public EndPoint Address => Status.Bound.Values.Single();

    public static async Task<TestHost> StartAsync(string json)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, json);
        var host = new TestHost(file);
        await host._app.StartAsync();
        return host;
    }

    /// <summary>Writes the file and returns at once.</summary>
    public Task WriteAsync(string json) => File.WriteAllTextAsync(_file, json);

    /// <summary>Writes the file and waits until it runs.</summary>
    public async Task EditAsync(string json)
    {
        var before = Status.Running!.Id;
        await WriteAsync(json);
        await Eventually.TrueAsync(() => Status.Running!.Id != before);
    }

    /// <summary>The address of a slot whose key begins so.</summary>
    public EndPoint AddressOf(string key) => Status.Bound.Single(pair => pair.Key.Contains(key, StringComparison.Ordinal)).Value;

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _configuration.Dispose(); // the host leaves its file watched: Linux allows a user 128 such watches
        File.Delete(_file);
    }
}
