using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration;

/// <summary>A configuration file that keeps its last good content.</summary>
/// <param name="path">The file.</param>
/// <param name="time">Drives the polling.</param>
public sealed class JsonFileSource(string path, TimeProvider time) : IConfigurationSource
{
    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new JsonFileProvider(path, time);
}
