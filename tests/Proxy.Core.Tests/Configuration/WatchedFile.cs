using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

/// <summary>A file in a folder of its own, and a provider that looks at it when a test says so.</summary>
internal sealed class WatchedFile : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory();
    private readonly ManualTime _time = new();
    private readonly IDisposable _listening;

    public WatchedFile()
    {
        File = Path.Combine(Folder, "proxy.json");
        Provider = (JsonFileProvider)new JsonFileSource(File) { Time = _time }.Build(new ConfigurationBuilder());
        _listening = ChangeToken.OnChange(Provider.GetReloadToken, () => Changes++);
    }

    /// <summary>A folder that is not there at first.</summary>
    public string Folder => Path.Combine(_root.FullName, "conf");

    public string File { get; }

    public JsonFileProvider Provider { get; }

    /// <summary>How often the provider said that something changed.</summary>
    public int Changes { get; private set; }

    /// <summary>What Demo:Enabled is.</summary>
    public string? Value => Provider.TryGet("Demo:Enabled", out var value) ? value : null;

    public static string Content(string value) => ConfigKey.Document("Demo:Enabled", $"\"{value}\"");

    /// <summary>Puts good content there, whatever was there before.</summary>
    public void Write(string value)
    {
        if (Directory.Exists(File))
        {
            Directory.Delete(File);
        }

        Directory.CreateDirectory(Folder);
        System.IO.File.Delete(File);
        System.IO.File.WriteAllText(File, Content(value));
    }

    /// <summary>Writes it and loads it for the first time.</summary>
    public void Start(string value)
    {
        Write(value);
        Provider.Load();
        Assert.Equal((0, value), (Changes, Value));
    }

    /// <summary>Lets the provider look.</summary>
    public void Look() => _time.Advance(TimeSpan.FromSeconds(3));

    public void Dispose()
    {
        _listening.Dispose();
        Provider.Dispose();
        _root.Delete(recursive: true);
    }
}
