using Proxy.Channels;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels;

public sealed class CurrentChannelsTests
{
    private static readonly ChannelsConfig _started = new()
    {
        Group = "prod",
        Instance = new() { Id = "A_1" },
        MemberDrainTimeout = TimeSpan.FromSeconds(1),
    };

    [Fact]
    public void Use_Edit_AppliesWithoutWhatIsFixedAtTheStart()
    {
        var channels = new CurrentChannels(_started);

        channels.Update(
            _started with
            {
                Group = "test",
                Instance = new() { Id = "A_2" },
                MemberDrainTimeout = TimeSpan.FromSeconds(2),
            }
        );

        Assert.Equal(("prod", "A_1"), (channels.Config.Group, channels.Config.Instance.Id));
        Assert.Equal(TimeSpan.FromSeconds(2), channels.Config.MemberDrainTimeout);
    }

    [Fact]
    public void Use_SectionIsTakenAway_NoChannelsOfTheSameInstance()
    {
        var channels = new CurrentChannels(_started);

        channels.Update(null);

        Assert.Equal((true, "A_1", TimeSpan.Zero), (channels.IsStarted, channels.Config.Instance.Id, channels.Config.MemberDrainTimeout));
    }

    [Fact]
    public void Use_StartedWithoutTheSection_WaitsForTheNextStart()
    {
        var channels = new CurrentChannels(null);

        channels.Update(_started);

        Assert.Equal((false, ""), (channels.IsStarted, channels.Config.Group));
    }
}
