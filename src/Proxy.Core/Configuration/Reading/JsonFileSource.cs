using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>A JSON file whose last valid content stays in use when an edit is invalid.</summary>
/// <param name="path">The path of the file.</param>
public sealed class JsonFileSource(string path) : IConfigurationSource
{
    /// <summary>The path of the file, as the user wrote it.</summary>
    public string Path => path;

    /// <summary>Whether changes of the file are watched.</summary>
    public bool Watch { get; init; } = true;

    /// <summary>The clock for polling.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The content to use instead of the file's, for a document that was received in another way and is reported under that path.
    /// </summary>
    internal byte[]? Content { get; init; }

    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new JsonFileProvider(this);
}
