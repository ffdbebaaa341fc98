using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Etcd.Membership;

namespace Proxy.Etcd.Tests.Membership;

public sealed class FormerEpochsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.epoch");
    private readonly LogLines _log = new();

    [Fact]
    public void Open_AfterOthersHaveEnded_KnowsThemAndNotItself()
    {
        Start("e1").Dispose();
        Start("e2").Dispose();

        using var third = Start("e3");

        Assert.True(third.Contains("e1") && third.Contains("e2"));
        Assert.False(third.Contains("e3") || third.Contains("e4") || third.Contains(""));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Open_WhileAnotherLives_KnowsNothingAndSaysSo()
    {
        Start("e1").Dispose();
        using var second = Start("e2");

        using var third = Start("e3");

        Assert.False(third.Contains("e1") || third.Contains("e2"));
        Assert.Contains("cannot be used", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.True(second.Contains("e1"));
    }

    [Fact]
    public void Open_VeryOften_KeepsTheLastOnes()
    {
        for (var start = 0; start < 1000; start++)
        {
            FormerEpochs.Open(_path, $"e{start}", NullLogger.Instance).Dispose();
        }

        using var last = Start("last");
        Assert.True(last.Contains("e999"));
        Assert.False(last.Contains("e900"));
        last.Dispose();
        Assert.InRange(new FileInfo(_path).Length, 1, 200);
    }

    [Fact]
    public void Open_FolderIsMissing_IsAsGoodAsNone()
    {
        using var epochs = FormerEpochs.Open(Path.Combine(_path, "no", "folder"), "e1", _log);

        Assert.False(epochs.Contains("e1"));
        Assert.Single(_log.Lines);
    }

    public void Dispose()
    {
        _log.Dispose();
        File.Delete(_path);
    }

    private FormerEpochs Start(string epoch) => FormerEpochs.Open(_path, epoch, _log);
}
