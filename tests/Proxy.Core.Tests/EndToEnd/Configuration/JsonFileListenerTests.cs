using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>Who hears of an edit, whatever the others do with it.</summary>
public sealed class JsonFileListenerTests : IDisposable
{
    private readonly WatchedFile _watched = new();
    private int _thrown;

    [Fact]
    public void Look_ListenerThrows_OthersAndLaterEditsAreNotLost()
    {
        _watched.Start("first");
        using var throwing = ChangeToken.OnChange(_watched.Provider.GetReloadToken, Throw);
        foreach (var (index, value) in ((string[])["second", "third", "fourth"]).Index())
        {
            _watched.Write(value);
            _watched.Look();

            Assert.Equal((index + 1, index + 1, value), (_thrown, _watched.Changes, _watched.Value));
        }
    }

    [Fact]
    public void Look_ListenerOfTheRootThrows_LaterEditsReachTheRoot()
    {
        _watched.Start("first");
        using var root = new ConfigurationRoot([_watched.Provider]);
        var told = 0;
        using var throwing = ChangeToken.OnChange(
            root.GetReloadToken,
            static () => throw new InvalidOperationException("A listener's fault.")
        );
        using var listening = ChangeToken.OnChange(root.GetReloadToken, () => told++);
        foreach (var (index, value) in ((string[])["second", "third"]).Index())
        {
            _watched.Write(value);
            _watched.Look();

            Assert.Equal((index + 1, value), (told, root["Demo:Enabled"]));
        }
    }

    [Fact]
    public void Look_Disposed_HearsNothingMore()
    {
        _watched.Start("first");
        _watched.Provider.Dispose();

        _watched.Write("second");
        _watched.Look();

        Assert.Equal((0, "first"), (_watched.Changes, _watched.Value));
    }

    public void Dispose() => _watched.Dispose();

    private void Throw()
    {
        _thrown++;
        throw new InvalidOperationException("A listener's fault.");
    }
}
