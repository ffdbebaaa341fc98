using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>A JSON file whose last good content stays when an edit is bad.</summary>
/// <param name="path">The file.</param>
public sealed class JsonFileSource(string path) : IConfigurationSource
{
    /// <summary>The file, as the user wrote it.</summary>
    public string Path => path;

    /// <summary>Whether changes of the file are looked for.</summary>
    public bool Watch { get; init; } = true;

    /// <summary>The clock that says when to look.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Instead of what the file has: a text that came some other way, and is called by that name.</summary>
    internal byte[]? Content { get; init; }

    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new JsonFileProvider(this);
}
