using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Revisions;

/// <summary>Shows what runs, what is on disk, and what a document would change; secrets are masked everywhere.</summary>
public sealed class ConfigurationInspector
{
    private readonly ConfigurationInput _input;
    private readonly RevisionReader _reader;
    private readonly ProxyStatus _status;

    internal ConfigurationInspector(ConfigurationInput input, RevisionReader reader, ProxyStatus status)
    {
        _input = input;
        _reader = reader;
        _status = status;
    }

    /// <summary>The configuration that runs: all layers merged, only keys that are set.</summary>
    /// <returns>A document of one's own; empty before the start.</returns>
    public JsonObject Document() => SecretMask.Apply(Running, ProxyDocument.Secrets) as JsonObject ?? [];

    /// <summary>The files it is read from.</summary>
    /// <returns>In the order in which they win, as they are on disk now.</returns>
    public IReadOnlyList<ConfigurationFile> Files() =>
        [.. Providers().OfType<JsonFileProvider>().Select(static file => ConfigurationFile.Read(file.File, ProxyDocument.Secrets))];

    /// <summary>Reads the files again, as SIGHUP does. What they have is applied, or rejected, soon afterwards.</summary>
    public void Reload()
    {
        foreach (var file in Providers().OfType<JsonFileProvider>())
        {
            file.Load();
        }
    }

    /// <summary>What differs between the configuration that runs and the files on disk. Of a file that is no JSON, what it had last counts.</summary>
    /// <returns>By path.</returns>
    public IReadOnlyList<ConfigurationDifference> Difference()
    {
        var now = _input.Configuration is IConfigurationRoot ? new ConfigLayers(Providers().Select(OnDisk)) : _input.Configuration;
        return ConfigurationDifference.Between(Running, _reader.Read(now, _input.WholeDocument).Document, ProxyDocument.Secrets);
    }

    /// <summary>Checks a document as <c>proxy check</c> does, and compares it with what runs.</summary>
    /// <param name="document">JSON.</param>
    /// <param name="name">What problems call it, in place of a file.</param>
    /// <returns>What is wrong with it, and what it would change.</returns>
    public ConfigurationReview Review(ReadOnlySpan<byte> document, string name)
    {
        using var file = new JsonFileProvider(new JsonFileSource(name) { Watch = false, Content = document.ToArray() });
        file.Load();
        var result = _reader.Read(new ConfigLayers([file]), wholeDocument: true);
        var difference = file.Problem is null ? ConfigurationDifference.Between(Running, result.Document, ProxyDocument.Secrets) : [];
        return new(result.Errors, result.Warnings, difference);
    }

    private JsonObject Running => _status.Current.Running is { } running ? JsonNode.Parse(running.Document.Span)!.AsObject() : [];

    private IEnumerable<IConfigurationProvider> Providers() =>
        _input.Configuration is IConfigurationRoot root ? ConfigTree.Flatten(root) : [];

    private static IConfigurationProvider OnDisk(IConfigurationProvider provider)
    {
        if (provider is not JsonFileProvider known)
        {
            return provider;
        }

        var fresh = new JsonFileProvider(new JsonFileSource(known.File) { Watch = false });
        fresh.Load();
        return fresh.Problem is null ? fresh : known;
    }
}
