using Microsoft.Extensions.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>The ways in which editors, deployments and Kubernetes change a file.</summary>
public sealed class JsonFileEditTests : IDisposable
{
    private readonly WatchedFile _watched = new();

    [Fact]
    public void Look_AnotherFileMovedOverIt_IsTaken()
    {
        _watched.Start("first");

        var other = Path.Combine(_watched.Folder, "proxy.json~");
        File.WriteAllText(other, WatchedFile.Content("second"));
        File.Move(other, _watched.File, overwrite: true);
        _watched.Look();

        Assert.Equal((1, "second"), (_watched.Changes, _watched.Value));
    }

    [Fact]
    public void Look_LinkSwapped_IsTaken()
    {
        _watched.Start("first");
        foreach (var value in (string[])["second", "third", "second"])
        {
            var target = Path.Combine(_watched.Folder, $"{value}.json");
            File.WriteAllText(target, WatchedFile.Content(value));
            Swap(_watched.File, target);
            _watched.Look();

            Assert.Equal(value, _watched.Value);
        }

        Assert.Equal(3, _watched.Changes);
    }

    [Fact]
    public void Look_FolderBehindALinkSwapped_IsTaken()
    {
        // As Kubernetes mounts a ConfigMap: proxy.json links to ..data/proxy.json, and ..data to the folder of a version.
        Directory.CreateDirectory(_watched.Folder);
        var data = Path.Combine(_watched.Folder, "..data");
        SwapVersion(data, "first");
        File.CreateSymbolicLink(_watched.File, Path.Combine("..data", "proxy.json"));
        _watched.Provider.Load();
        Assert.Equal("first", _watched.Value);

        foreach (var value in (string[])["second", "third"])
        {
            SwapVersion(data, value);
            _watched.Look();

            Assert.Equal(value, _watched.Value);
        }

        Assert.Equal(2, _watched.Changes);
    }

    [Fact]
    public void Look_SameContentWrittenAgain_IsNoChange()
    {
        _watched.Start("first");

        _watched.Write("first");
        _watched.Look();

        Assert.Equal(0, _watched.Changes);
    }

    [Fact]
    public async Task Load_RealTime_TakesAnEdit()
    {
        _watched.Write("first");
        using var provider = (JsonFileProvider)new JsonFileSource(_watched.File).Build(new ConfigurationBuilder());
        provider.Load();

        _watched.Write("second");

        await Eventually.TrueAsync(() => provider.TryGet("Demo:Enabled", out var value) && value == "second");
    }

    public void Dispose() => _watched.Dispose();

    private static void Swap(string link, string target)
    {
        var next = $"{link}.next";
        File.CreateSymbolicLink(next, target);
        File.Move(next, link, overwrite: true);
    }

    private void SwapVersion(string data, string value)
    {
        var version = Directory.CreateDirectory(Path.Combine(_watched.Folder, $"..{value}"));
        File.WriteAllText(Path.Combine(version.FullName, "proxy.json"), WatchedFile.Content(value));
        File.Delete(data);
        File.CreateSymbolicLink(data, version.Name);
    }
}
