namespace Proxy.Connections.Linux;

/// <summary>How long a thread did not run though it had work, in milliseconds.</summary>
/// <param name="ForCpu">It waited for a CPU.</param>
/// <param name="ForCollection">A garbage collection had paused the process.</param>
internal readonly record struct WaitedTime(long ForCpu, long ForCollection);
