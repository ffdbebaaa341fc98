using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Host.Cli.Checking;
using Proxy.Multiplexing;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Support;

/// <summary>The host as it is shipped, on a file that a test edits.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _file;
    private readonly ProgramFactory<Program> _factory;
    private readonly ProxyStatus _status;

    private TestHost(string file, ProgramFactory<Program> factory)
    {
        _file = file;
        _factory = factory;
        Services = factory.Services;
        _status = Services.GetRequiredService<ProxyStatus>();
        Tracker = Services.GetRequiredService<ConnectionTracker>();
    }

    public ProxyState Status => _status.Current;

    public ConnectionTracker Tracker { get; }

    public IServiceProvider Services { get; }

    /// <summary>The state of the only multiplexed destination.</summary>
    public MultiplexStatus Multiplexed => Assert.Single(Services.GetRequiredService<MultiplexRegistry>().Status);

    /// <summary>The URLs of Kestrel's endpoints with their real ports.</summary>
    public IReadOnlyList<Uri> Urls => _factory.Urls;

    /// <summary>The only bound TCP address.</summary>
    public EndPoint Address => Status.Bound.Values.Single();

    /// <summary>Starts the host on a file with this content.</summary>
    /// <param name="json">The content.</param>
    /// <param name="adds">Adds services, as an engine would; null for none.</param>
    public static async Task<TestHost> StartAsync(string json, Action<IServiceCollection>? adds = null)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, json);
        var factory = new ProgramFactory<Program>(("config", file)) { Adds = adds };
        await factory.StartAsync();
        return new TestHost(file, factory);
    }

    /// <summary>Starts the host on a shipped file, merged with what a test lays over it.</summary>
    /// <param name="layer">Keys and values that win over the file's.</param>
    /// <param name="path">The file, as parts of a path from the repository on.</param>
    public static Task<TestHost> StartAsync(IReadOnlyDictionary<string, string?> layer, params string[] path) =>
        StartAsync(Merged(layer, path));

    /// <summary>The content of a shipped file, merged with what a test lays over it.</summary>
    /// <param name="layer">Keys and values that win over the file's.</param>
    /// <param name="path">The file, as parts of a path from the repository on.</param>
    public static string Merged(IReadOnlyDictionary<string, string?> layer, params string[] path)
    {
        var source = new JsonFileSource(Repository.Path(path)) { Watch = false };
        using var merged = (ConfigurationRoot)new ConfigurationBuilder().Add(source).AddInMemoryCollection(layer).Build();
        return MergedDocument.Of(merged).ToJsonString();
    }

    /// <summary>Writes the file in one step, so that the host never reads half of it, and returns at once.</summary>
    public async Task WriteAsync(string json)
    {
        var written = _file + ".written";
        await File.WriteAllTextAsync(written, json);
        File.Move(written, _file, overwrite: true);
    }

    /// <summary>Writes the file, and waits until it runs and everything that follows the running configuration has been told.</summary>
    public async Task EditAsync(string json)
    {
        var before = Status.Running!.Id;
        await WriteAsync(json);
        await Eventually.TrueAsync(() => Status.Running!.Id != before);
        await _status.WhenSettledAsync().WaitAsync(Eventually.Limit);
    }

    /// <summary>The address of a slot whose key begins so.</summary>
    public EndPoint AddressOf(string key) => Status.Bound.Single(pair => pair.Key.Contains(key, StringComparison.Ordinal)).Value;

    /// <summary>Stops the host and waits until it has ended.</summary>
    public async Task StopAsync() => await _factory.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        File.Delete(_file);
    }
}
