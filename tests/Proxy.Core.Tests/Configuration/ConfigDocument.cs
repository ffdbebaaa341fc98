using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

/// <summary>A file of its own that is written and read as often as a test likes.</summary>
internal sealed class ConfigDocument : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly ServiceProvider _services = CreateServices();

    public ReadResult Read(string json) => Read(System.Text.Encoding.UTF8.GetBytes(json));

    public ReadResult Read(byte[] json)
    {
        File.WriteAllBytes(_file, json);
        using var root = (ConfigurationRoot)new ConfigurationBuilder().Add(new JsonFileSource(_file) { Watch = false }).Build();
        return _services.GetRequiredService<RevisionReader>().Read(root, wholeDocument: true);
    }

    public void Dispose()
    {
        _services.Dispose();
        File.Delete(_file);
    }

    private static ServiceProvider CreateServices()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        return services.BuildServiceProvider();
    }
}
