namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>A folder on a small disk of its own, which a test fills, empties, and makes read-only. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Filler => Path.Combine(Folder, "filler");

    public static async Task<SmallDisk> CreateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("proxy-disk-").FullName;
        await Programs.RunAsync("mount", "", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
        return new SmallDisk(folder);
    }

    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[512]);
            }
        }
        catch (IOException)
        {
            // Full, which is what is wanted.
        }
    }

    public void Empty() => File.Delete(Filler);

    public Task ReadOnlyAsync(bool on) => Programs.RunAsync("mount", "", "-o", on ? "remount,ro" : "remount,rw", Folder);

    public async ValueTask DisposeAsync()
    {
        await Programs.RunAsync("umount", "", "-l", Folder);
        Directory.Delete(Folder);
    }
}
