using System.Diagnostics;
using System.Globalization;

namespace Proxy.Core.Tests.Hooks.Processes;

/// <summary>What the kernel says of processes.</summary>
internal static class Children
{
    private const int OpenCloexec = 0x80000;

    public static bool IsAlive(int id) => State(id) is not (null or 'Z' or 'X');

    public static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill();
    }

    /// <summary>Processes that were started with a variable, and live.</summary>
    public static IEnumerable<int> WithVariable(string variable) =>
        All().Where(id => IsAlive(id) && Read(id, "environ")?.Split('\0').Contains(variable) == true);

    /// <summary>Children of this process that nobody has reaped.</summary>
    public static int Zombies() =>
        All().Count(static id => State(id) == 'Z' && Fields(id)?[1] == Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    public static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    /// <summary>The numbers of our descriptors that stay open in a program we start: those without O_CLOEXEC.</summary>
    public static IEnumerable<string> Inheritable() =>
        Directory
            .GetFiles("/proc/self/fdinfo")
            .Select(static path => (Number: Path.GetFileName(path), Flags: FlagsOf(path)))
            .Where(static entry => entry.Flags is { } flags && (flags & OpenCloexec) == 0)
            .Select(static entry => entry.Number);

    private static int? FlagsOf(string path)
    {
        try
        {
            var line = File.ReadLines(path).First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
            return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
        }
        catch (IOException)
        {
            return null; // closed meanwhile
        }
    }

    private static IEnumerable<int> All() =>
        Directory
            .GetDirectories("/proc")
            .Select(static path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(static id => id > 0);

    private static char? State(int id) => Fields(id)?[0][0];

    private static string[]? Fields(int id) =>
        Read(id, "stat") is { Length: > 0 } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static string? Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
