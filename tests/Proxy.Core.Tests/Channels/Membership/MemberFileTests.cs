using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;

namespace Proxy.Core.Tests.Channels.Membership;

public sealed class MemberFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.members");
    private readonly ManualTime _time = new();

    [Fact]
    public void Save_ThenLoad_AreTheSameButNotConfirmed()
    {
        var member = new MemberRecord("A_1", "e1", "10.0.0.1:15008", IPAddress.Parse("127.0.0.3"))
        {
            Role = "A",
            Zone = "b",
            Connectors = [new("ring", true, true, [9100, 9101])],
        };

        File().Save([member, member with { Id = "A_0", State = MemberState.Draining }]);

        Assert.Equal([member with { Id = "A_0", State = MemberState.Suspect }, member with { State = MemberState.Suspect }], File().Load());
    }

    [Fact]
    public void Save_Again_OnlyWhenSomethingElseIsKnown()
    {
        var file = File();
        var member = new MemberRecord("A_1", "e1", "10.0.0.1:15008", IPAddress.Parse("127.0.0.3"));
        file.Save([member]);
        System.IO.File.Delete(_path);

        _time.Advance(TimeSpan.FromMinutes(1));
        file.Save([member with { State = MemberState.Suspect }]);
        Assert.False(System.IO.File.Exists(_path));

        file.Save([]);
        Assert.Empty(System.IO.File.ReadAllText(_path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense\n\0\n{}")]
    [InlineData("""{"instance":"A_1","epoch":"e","ip":"127.0.0.3","connectors":[]}""")]
    [InlineData("""{"instance":"A_1","epoch":"e","address":"nowhere","ip":"127.0.0.3","connectors":[]}""")]
    [InlineData("""{"instance":"A_1","epoch":"e","address":"h:1","ip":"10.0.0.3","connectors":[]}""")]
    public void Load_WhatIsNoMember_IsLeftOut(string text)
    {
        System.IO.File.WriteAllText(_path, text);

        Assert.Empty(File().Load());
    }

    [Fact]
    public void Load_HalfWritten_TheWholeLinesCountAndTheRestIsTold()
    {
        var member = new MemberRecord("A_1", "e1", "10.0.0.1:15008", IPAddress.Parse("127.0.0.3"));
        File().Save([member, member with { Id = "A_2" }]);
        var written = System.IO.File.ReadAllBytes(_path);
        System.IO.File.WriteAllBytes(_path, written[..^20]);
        using var log = new LogLines();

        var loaded = new MemberFile(_path, _time, log).Load();

        Assert.Equal("A_1", Assert.Single(loaded).Id);
        Assert.StartsWith($"Warning: {_path}: 1 of its 2 lines are damaged", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public void Save_CouldNotBeWritten_ToldOnceAndWrittenOnceItCan()
    {
        var folder = $"{_path}.folder";
        var path = Path.Combine(folder, "members");
        using var log = new LogLines();
        var file = new MemberFile(path, _time, log);
        var member = new MemberRecord("A_1", "e1", "10.0.0.1:15008", IPAddress.Parse("127.0.0.3"));
        file.Save([member]);
        file.Save([member]);
        Assert.StartsWith($"Warning: {path} cannot be written", Assert.Single(log.All), StringComparison.Ordinal);

        Directory.CreateDirectory(folder);
        file.Save([member]);

        Assert.Equal($"Information: {path} can be written again, and is.", log.All[^1]);
        Assert.Single(new MemberFile(path, _time, NullLogger.Instance).Load());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Load_NoFile_IsNobody() => Assert.Empty(File().Load());

    public void Dispose() => System.IO.File.Delete(_path);

    private MemberFile File() => new(_path, _time, NullLogger.Instance);
}
