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
    public void Load_NoFile_IsNobody() => Assert.Empty(File().Load());

    public void Dispose() => System.IO.File.Delete(_path);

    private MemberFile File() => new(_path, _time, NullLogger.Instance);
}
