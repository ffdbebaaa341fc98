using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Proxy.Configuration;

/// <summary>Configuration providers for a single read; they are neither watched nor disposed.</summary>
internal sealed class ConfigLayers(IEnumerable<IConfigurationProvider> providers) : IConfigurationRoot
{
    public IEnumerable<IConfigurationProvider> Providers { get; } = [.. providers];

    public string? this[string key]
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Reload() => throw new NotSupportedException();

    public IEnumerable<IConfigurationSection> GetChildren() => throw new NotSupportedException();

    public IChangeToken GetReloadToken() => throw new NotSupportedException();

    public IConfigurationSection GetSection(string key) => throw new NotSupportedException();
}
