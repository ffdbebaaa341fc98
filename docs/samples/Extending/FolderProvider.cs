using Proxy.Channels.Membership;

namespace Extending;

/// <summary>Finds members in a folder that all instances share, where each has a file.</summary>
internal sealed class FolderProvider(IConfiguration configuration, TimeProvider time) : IMembershipProvider
{
    public string Name => "Folder";

    public async Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        var session = new FolderSession(Directory.CreateDirectory(configuration["Members"]!), self.Id, time);
        await session.PublishAsync(self, cancellationToken);
        return session;
    }
}
